// How the page looks in every state: nothing moves or is cut off, nobody is shut
// out. With SHOTS=FOLDER it leaves a picture of each look in every form.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Wardrobe, cardOf, looks } from './looks.mjs';
import { Store } from './service.mjs';
import { Till, openBrowser } from './till.mjs';

const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  till: { viewport: { width: 1024, height: 768 }, hasTouch: true },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};

let browser;
before(async () => { browser = await openBrowser(); });
after(() => browser?.close());

/** Where the parts of the card are: their middles, and where the buttons end. */
const places = (page) => page.evaluate(() => {
  const at = { '.desk': 1, aside: 0 };
  const place = (selector) => {
    const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
    return [x + width / 2, y + height * (at[selector] ?? 0.5)].map(Math.round).join(' ');
  };
  const parts = ['#stage', '#sum', '#sign', '#headline', '.desk', 'aside'];
  return Object.fromEntries(parts.map((name) => [name, place(name)]));
});

/** What somebody has to scroll for, or cannot read. */
const cutOff = (page) => page.evaluate(({ width, height }) => {
  const wide = document.documentElement.scrollWidth > width ? ['the page'] : [];
  const stage = document.querySelector('#stage').getBoundingClientRect();
  if (stage.bottom > height) wide.push(`the card, by ${stage.bottom - height}`);
  // The line of health may shorten its words: they stand among the open matters too.
  const parts = document.querySelectorAll('#stage, #stage *, header :not(.chips *)');
  const shown = [...parts].filter((part) => part.checkVisibility() && !part.closest('.unseen'));
  const cut = shown.filter((part) => (
    part.matches('button, h1, h2, p, label, li') && part.scrollWidth > part.clientWidth + 1
      && getComputedStyle(part).display !== 'inline'
  ));
  return [...wide, ...cut.map((part) => `${part.tagName} ${part.id} ${part.textContent.trim()}`)];
}, page.viewportSize());

// Nothing of this depends on the hour; a picture is for a person to look at.
const { SHOTS } = process.env;

async function inspect(till, name, look, wardrobe, { barriers, picture }) {
  wardrobe.putOn(look);
  await till.sees(cardOf(name));
  if (look.live || look.newest) await till.reads('#sum', '1237.50 AED');
  if (look.explain) await till.reads('#explain', look.explain);
  if (look.notice) await till.reads('#message', look.notice);
  await till.find(look.lost ? 'body[data-lost]' : 'body:not([data-lost])').waitFor();
  await till.find('#next:not([hidden]):disabled').waitFor({ state: 'detached' });
  if (picture) await till.page.screenshot({ path: picture, fullPage: true });
  if (barriers) assert.deepEqual(await till.barriers(), [], name);
  assert.deepEqual(await cutOff(till.page), [], name);
}

for (const language of ['en', 'ar']) {
  describe(`the page in ${language}`, () => {
    let store;
    before(async () => { store = await Store.open({ language }); });
    after(() => store?.close());

    for (const [size, screen] of Object.entries(SIZES)) {
      for (const colorScheme of ['light', 'dark']) {
        // Colours are the same on every screen, places are in every colour.
        if (colorScheme === 'dark' && size !== 'till' && !SHOTS) continue;
        test(`every look on a ${size}, ${colorScheme}`, async () => {
          const wardrobe = new Wardrobe();
          const all = Object.entries(looks(language));
          wardrobe.putOn(all[0][1]);
          const till = await Till.open(browser, store.origin, {
            ...screen, colorScheme, reducedMotion: 'reduce',
            prepare: (page) => wardrobe.stand(page),
          });
          let expected = null;
          for (const [name, look] of all) {
            const picture = SHOTS && `${SHOTS}/${language}-${size}-${colorScheme}-${name}.png`;
            await inspect(till, name, look, wardrobe, { barriers: size === 'till', picture });
            if (cardOf(name) === 'free') continue;
            expected ??= await places(till.page);
            assert.deepEqual(await places(till.page), expected, name);
          }
          assert.deepEqual(till.complaints, []);
          await till.page.context().close();
        });
      }
    }
  });
}
