// Everything that a lane can look like, made up: some of it takes a gateway that
// fails for minutes. The page is the real one; only the service's answers are not.

const NOW = '2026-03-01T10:05:00.000Z';

const WORDS = {
  en: {
    paid: 'Paid.',
    stale: 'The code was refused. Ask the customer to refresh it and scan again.',
    late: 'The customer did not confirm in time. No money moved.',
    returning: 'The customer did not confirm in time. Any charge is being returned.',
    silent: 'Still checking: the gateway has not said whether this was paid.',
    product: 'This is a product barcode. Ask for the payment code.',
    unplugged: '/dev/input/by-id/scanner is not there: plug the scanner in, or correct its match',
  },
  ar: {
    paid: 'تم الدفع.',
    stale: 'رُفض الرمز. اطلب من العميل تحديثه ثم امسح مرة أخرى.',
    late: 'لم يؤكد العميل الدفع في الوقت المحدد. لم يُخصم أي مبلغ.',
    returning: 'لم يؤكد العميل الدفع في الوقت المحدد. سيُعاد أي مبلغ تم خصمه.',
    silent: 'ما زال التحقق جارياً: لم تؤكد بوابة الدفع نتيجة العملية بعد.',
    product: 'هذا باركود منتج. اطلب رمز الدفع.',
    unplugged: '/dev/input/by-id/scanner is not there: plug the scanner in, or correct its match',
  },
};

function tender(id, amount, changes = {}) {
  return {
    id, lane: '1', sale: `A-10${id.slice(1)}`, day: '2026-03-01', amount, currency: 'AED',
    mode: 'scan', part: false, state: 'armed', verdict: null, reason: null, money: 'none',
    attempts: [], refunds: [], refundable: '0.00', display: null, note: null, created: NOW, decided: null, acknowledged: null, ...changes,
  };
}

const attempt = (state) => ({
  number: 1, gateway: 'payby', wallet: 'payby', code: '200012*********001A', state,
  order: 'S1L120260301100004A7K2', gateway_order: null, trace: null,
});

function decided(id, amount, verdict, text, changes = {}) {
  return tender(id, amount, {
    state: verdict === 'unresolved' ? 'checking' : 'done', verdict, decided: NOW,
    reason: { code: verdict, text }, attempts: [attempt('paid')], ...changes,
  });
}

/** The looks by name: what the service says in each. */
export function looks(language) {
  const says = WORDS[language];
  const before = [
    decided('t09', '12.00', 'paid', says.paid, { acknowledged: NOW }),
    decided('t08', '240.75', 'not_paid', says.late, { acknowledged: NOW }),
    decided('t07', '8.50', 'paid', says.paid, { acknowledged: NOW }),
  ];
  const live = (state, changes) => ({
    live: tender('t10', '1237.50', { state, ...changes }), before,
  });
  const ended = (verdict, text) => ({
    newest: decided('t10', '1237.50', verdict, text),
    explain: verdict === 'paid' ? null : text,
    before,
  });
  return {
    empty: { before: [] },
    free: { before },
    armed: live('armed'),
    again: {
      ...live('armed', {
        reason: { code: 'code_refused', text: says.stale }, attempts: [attempt('refused')],
      }),
      explain: says.stale,
    },
    notice: { ...live('armed'), notice: says.product },
    paying: live('paying', { attempts: [attempt('in_flight')] }),
    waiting: live('waiting', { attempts: [attempt('waiting')] }),
    lost: { ...live('waiting', { attempts: [attempt('waiting')] }), lost: true },
    checking: live('checking', { attempts: [attempt('unknown')] }),
    paid: ended('paid', says.paid),
    not_paid: ended('not_paid', says.late),
    returning: ended('not_paid', says.returning),
    unresolved: ended('unresolved', says.silent),
    trouble: {
      before,
      unresolved: [decided('t05', '75.00', 'unresolved', says.silent)],
      scanner: { state: 'absent', text: says.unplugged },
      gateway: 'unreachable',
      duties: [
        { alerted: true, duty: 'return', amount: '1240.00' },
        { alerted: false, duty: 'watch', amount: '18.25' },
      ],
    },
  };
}

/** The look that the card has. */
export const cardOf = (name) => (
  {
    empty: 'free', trouble: 'free', again: 'armed', notice: 'armed', lost: 'waiting',
    returning: 'not_paid',
  }[name] ?? name
);

function answers({ live, newest, before, scanner, gateway, duties = [], unresolved = [] }) {
  const today = [live, newest, ...before, ...unresolved].filter(Boolean);
  const lane = {
    id: '1', tender: live ?? null, notice: null, currency: 'AED', ceiling: '5000.00',
    scanners: [{ id: 'counter', kind: 'evdev', state: 'ready', text: null, ...scanner }],
    gateways: [{ id: 'payby', state: gateway ?? 'ok' }],
  };
  const obligations = duties.map((duty, n) => ({
    id: `t0${n}/1`, tender: `t0${n}`, lane: '1', currency: 'AED', gateway: 'payby',
    order: 'S1L120260301090000QX31', opened: NOW, tries: 7, next_try: null, ...duty,
  }));
  return (url) => {
    if (url.pathname === '/v1/session') return { name: 'loopback', role: 'cashier', csrf: null };
    if (url.pathname === '/v1/lanes') return { lanes: [lane] };
    if (url.pathname === '/v1/obligations') return { obligations };
    if (url.searchParams.has('state')) {
      return { tenders: today.filter((tender) => tender.state === 'checking') };
    }
    return { tenders: today };
  };
}

/** Stands between a tab and the service: the tab sees whichever look is put on. */
export class Wardrobe {
  #answer = () => null;
  #told = null;
  #lost = false;

  async stand(page) {
    this.page = page;
    await page.route('**/v1/**', async (route) => {
      const url = new URL(route.request().url());
      if (this.#lost) return route.abort();
      if (url.pathname !== '/v1/events') return route.fulfill({ json: this.#answer(url) });
      const told = this.#told ? `event: notice\ndata: ${JSON.stringify(this.#told)}\n\n` : '';
      return route.fulfill({ contentType: 'text/event-stream', body: `retry: 100\n\n${told}` });
    });
  }

  putOn(look) {
    this.#answer = answers(look);
    this.#lost = Boolean(look.lost);
    this.#told = look.notice && { lane: '1', time: NOW, code: 'product_code', text: look.notice };
  }
}
