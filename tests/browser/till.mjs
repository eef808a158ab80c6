// A browser that shows the page, and a person who looks at it and presses things.
// Whatever the browser complains about while it does fails the test.

import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const LIMIT = 15_000;

export async function openBrowser() {
  if (!existsSync(PROGRAM)) {
    throw new Error(`${PROGRAM} is not there: install Chromium, or say in CHROMIUM where it is`);
  }
  return chromium.launch({
    executablePath: PROGRAM,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      // Nothing but loopback has a name.
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
    ],
  });
}

/** One tab with the page. */
export class Till {
  /** What the browser complained about. */
  complaints = [];

  constructor(page, origin) {
    this.page = page;
    this.origin = origin;
  }

  /** Opens the page in a context of its own, or in that of another till. */
  static async open(browser, origin, { beside, prepare, ...settings } = {}) {
    const context = beside?.page.context() ?? await browser.newContext({
      viewport: { width: 1280, height: 800 },
      ...settings,
    });
    const till = new Till(await context.newPage(), origin);
    till.#listen();
    await prepare?.(till.page);
    await till.page.goto(origin);
    return till;
  }

  #listen() {
    const { page } = this;
    page.setDefaultTimeout(LIMIT);
    page.on('pageerror', (error) => this.complaints.push(`script: ${error.stack}`));
    page.on('console', (message) => {
      const text = message.text();
      const { url } = message.location();
      // Chromium logs every call that was refused; those are answers, not errors. It
      // also asks for the icon whenever it likes, be the service there or not.
      const answered = text.startsWith('Failed to load resource')
        && (url.startsWith(`${this.origin}/v1/`)
          || (url === `${this.origin}/icon.svg` && text.endsWith('ERR_CONNECTION_REFUSED')));
      const heard = ['error', 'warning'].includes(message.type());
      if (heard && !answered) this.complaints.push(`console: ${text} ${url}`);
    });
    page.on('request', (request) => {
      const own = request.url().startsWith(`${this.origin}/`);
      if (!own) this.complaints.push(`request: ${request.url()}`);
    });
    page.on('dialog', (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
  }

  find(selector) {
    return this.page.locator(selector);
  }

  /** Waits until the card has this look. */
  async sees(look) {
    await this.find(`#stage[data-look="${look}"]`).waitFor();
  }

  /** Waits until an element is shown and has these words in it. */
  async reads(selector, words) {
    await this.find(selector).filter({ hasText: words, visible: true }).first().waitFor();
  }

  async gone(selector) {
    await this.find(selector).waitFor({ state: 'hidden' });
  }

  async text(selector) {
    return (await this.find(selector).innerText()).trim();
  }

  async fill({ amount, sale }) {
    await this.sees('free');
    await this.find('#amount').fill(amount);
    await this.find('#sale').fill(sale);
  }

  /** Enters a payment and waits for the scanner to be armed. */
  async collect(payment) {
    await this.fill(payment);
    await this.find('#go').click();
    await this.sees('armed');
  }

  async code(code) {
    await this.find('#code').fill(code);
    await this.find('#typed button').click();
  }

  async next() {
    await this.find('#next').click();
    await this.sees('free');
  }

  /** What axe finds that hinders somebody seriously. */
  async barriers() {
    // Not as a script of the page, which its policy forbids.
    if (!await this.page.evaluate(() => 'axe' in window)) {
      await this.page.evaluate(readFileSync(AXE, 'utf8'));
    }
    const { violations } = await this.page.evaluate(() => globalThis.axe.run());
    return violations
      .filter(({ impact }) => ['serious', 'critical'].includes(impact))
      .flatMap(({ id, nodes }) => nodes.map((node) => (
        `${id}: ${node.html} ${node.failureSummary.replace(/\s+/g, ' ')}`
      )));
  }

  async close() {
    await this.page.close();
  }
}
