// What the page says, in the store's language. Sentences about a payment's
// outcome and about refused scans come from the service in that language; the
// service's problems are written for programs and are said here by their code.

const english = {
  skip: 'Skip to the payment',
  lane: 'Lane',
  lane_title: 'Lane {lane}',
  health: 'Scanners and gateways',
  sound: 'Sound',
  overview: 'Overview',
  sign_in: 'Sign in',
  sign_out: 'Sign out {name}',
  token: 'Access token',
  lost: 'No connection to the service. What you see may be out of date. Connecting …',
  opening: 'Connecting …',
  collect_title: 'Collect a payment',
  amount: 'Amount',
  ceiling: 'At most {ceiling} {currency}',
  sale: 'Sale or ticket number',
  part: 'Part of a split payment',
  keypad: 'Keypad',
  back: 'Delete the last digit',
  clear: 'Clear',
  start: 'Start',
  need_amount: 'Enter the amount.',
  need_sale: 'Enter the sale or ticket number.',
  type_code: 'Or type the code',
  use_code: 'Use code',
  next: 'Next customer',
  more_time: 'More time',
  cancel: 'Cancel',
  cancelling: 'Cancelling …',
  open: 'Open matters',
  none_open: 'Nothing is open. No money is owed.',
  today: 'Today',
  none_today: 'No payments yet today.',
  about: 'Sale {sale}',
  running: 'In progress',
  late: 'Came late',
  noted: 'Noted',
  try_again: 'The service did not answer. Press Start again: it is safe, nothing is charged twice.',
  no_answer: 'The service did not answer. Try again.',
  free: 'Ready for the next payment',
  free_text: '',
  look_text: 'You are signed in to look only.',
  armed: 'Scan the customer’s code',
  armed_text: 'Ask the customer to open the payment code in their wallet.',
  paying: 'Sending the payment',
  paying_text: 'Please wait.',
  waiting: 'The customer is confirming',
  waiting_text: 'The customer must confirm on their phone.',
  checking: 'Checking the payment',
  checking_text: 'Do not hand over the goods yet, and do not take another payment for this sale.',
  paid: 'Paid',
  paid_text: '',
  not_paid: 'Not paid',
  not_paid_text: '',
  unresolved: 'Not known yet',
  unresolved_text: 'Do not hand over the goods and do not charge again. The service keeps asking.',
  duty_return: 'Being returned',
  duty_watch: 'Being watched',
  duty_line: 'Lane {lane}, since {time}, tries: {tries}',
  duty_alert: 'Call your support. Order {order}',
  scanner: 'Scanner {id}',
  gateway: 'Gateway {id}',
  gateway_text: 'The last call to it had no answer. The next payment tries again.',
  ready: 'ready',
  absent: 'not connected',
  failed: 'failed',
  ok: 'connected',
  unknown: 'not used yet',
  unreachable: 'not reachable',
  problem_bad_amount: 'The amount is digits with at most one decimal point, such as 37.50.',
  problem_zero_amount: 'The amount must be more than zero.',
  problem_over_ceiling: 'The amount is above this lane’s limit of {ceiling}.',
  problem_bad_sale: 'The sale number cannot be used: up to 64 Latin letters, digits and signs.',
  problem_lane_busy: 'This lane has a payment that has not ended. Finish or cancel it first.',
  problem_sale_busy: 'This sale has a payment that has not ended. Wait for it or cancel it.',
  problem_sale_paid: 'This sale is paid. For a split payment tick “Part of a split payment”.',
  problem_paying: 'A payment is running. The second code was not used.',
  problem_not_armed: 'No payment is waiting for a code on this lane.',
  problem_done: 'This payment has ended.',
  problem_code_in_process: 'This code is already being processed.',
  problem_code_used: 'This code was used. Ask the customer to refresh it.',
  problem_not_extendable: 'The time can be extended once, and only while the customer is waited for.',
  problem_role: 'You may look only.',
  problem_csrf: 'The session is another one now. Load the page again.',
  problem_bad_token: 'The access token is not known.',
  problem_too_many_failures: 'Too many failed sign-ins. Wait a minute, then try again.',
  problem_busy: 'The service is busy. Try again in a moment.',
  problem_unavailable: 'The service cannot take payments now. Try again in a moment.',
  problem_internal: 'The service failed. Try again; if it fails again, call your support.',
};

const arabic = {
  skip: 'انتقل إلى الدفع',
  lane: 'الصندوق',
  lane_title: 'الصندوق {lane}',
  health: 'الماسحات وبوابات الدفع',
  sound: 'الصوت',
  overview: 'نظرة عامة',
  sign_in: 'تسجيل الدخول',
  sign_out: 'تسجيل خروج {name}',
  token: 'رمز الوصول',
  lost: 'لا يوجد اتصال بالخدمة. قد تكون المعلومات المعروضة قديمة. جارٍ الاتصال …',
  opening: 'جارٍ الاتصال …',
  collect_title: 'تحصيل دفعة',
  amount: 'المبلغ',
  ceiling: 'الحد الأقصى {ceiling} {currency}',
  sale: 'رقم البيع أو الفاتورة',
  part: 'جزء من دفعة مقسّمة',
  keypad: 'لوحة الأرقام',
  back: 'احذف الرقم الأخير',
  clear: 'مسح',
  start: 'ابدأ',
  need_amount: 'أدخل المبلغ.',
  need_sale: 'أدخل رقم البيع أو الفاتورة.',
  type_code: 'أو اكتب الرمز',
  use_code: 'استخدم الرمز',
  next: 'العميل التالي',
  more_time: 'وقت إضافي',
  cancel: 'إلغاء',
  cancelling: 'جارٍ الإلغاء …',
  open: 'أمور مفتوحة',
  none_open: 'لا شيء مفتوح، ولا مبالغ مستحقة.',
  today: 'اليوم',
  none_today: 'لا توجد مدفوعات اليوم بعد.',
  about: 'البيع {sale}',
  running: 'قيد التنفيذ',
  late: 'نتيجة متأخرة',
  noted: 'تم الاطلاع',
  try_again: 'لم تجب الخدمة. اضغط «ابدأ» مرة أخرى: هذا آمن ولن يُخصم المبلغ مرتين.',
  no_answer: 'لم تجب الخدمة. حاول مرة أخرى.',
  free: 'جاهز للدفعة التالية',
  free_text: '',
  look_text: 'دخولك للاطلاع فقط.',
  armed: 'امسح رمز العميل',
  armed_text: 'اطلب من العميل فتح رمز الدفع في محفظته.',
  paying: 'جارٍ إرسال الدفعة',
  paying_text: 'يرجى الانتظار.',
  waiting: 'العميل يؤكد الدفع',
  waiting_text: 'يجب أن يؤكد العميل الدفع على هاتفه.',
  checking: 'جارٍ التحقق من الدفعة',
  checking_text: 'لا تسلّم البضاعة بعد، ولا تأخذ دفعة أخرى لهذا البيع.',
  paid: 'تم الدفع',
  paid_text: '',
  not_paid: 'لم يتم الدفع',
  not_paid_text: '',
  unresolved: 'النتيجة غير معروفة بعد',
  unresolved_text: 'لا تسلّم البضاعة ولا تخصم مرة أخرى. الخدمة تواصل الاستعلام.',
  duty_return: 'قيد الإرجاع',
  duty_watch: 'قيد المراقبة',
  duty_line: 'الصندوق {lane}، منذ {time}، المحاولات: {tries}',
  duty_alert: 'اتصل بالدعم. رقم الطلب {order}',
  scanner: 'الماسح {id}',
  gateway: 'البوابة {id}',
  gateway_text: 'لم تجب عن آخر طلب. الدفعة التالية تحاول من جديد.',
  ready: 'جاهز',
  absent: 'غير متصل',
  failed: 'معطّل',
  ok: 'متصلة',
  unknown: 'لم تُستخدم بعد',
  unreachable: 'لا يمكن الوصول إليها',
  problem_bad_amount: 'المبلغ أرقام بفاصلة عشرية واحدة على الأكثر، مثل 37.50.',
  problem_zero_amount: 'يجب أن يكون المبلغ أكبر من صفر.',
  problem_over_ceiling: 'المبلغ أعلى من حد هذا الصندوق وهو {ceiling}.',
  problem_bad_sale: 'رقم البيع غير صالح: حتى 64 حرفًا لاتينيًا أو رقمًا أو علامة.',
  problem_lane_busy: 'على هذا الصندوق دفعة لم تنتهِ. أنهِها أو ألغِها أولًا.',
  problem_sale_busy: 'لهذا البيع دفعة لم تنتهِ بعد. انتظرها أو ألغِها.',
  problem_sale_paid: 'هذا البيع مدفوع. اختر «جزء من دفعة مقسّمة» إذا كان مقسّمًا.',
  problem_paying: 'توجد دفعة جارية؛ لم يُستخدم الرمز الثاني.',
  problem_not_armed: 'لا توجد دفعة تنتظر رمزًا على هذا الصندوق.',
  problem_done: 'انتهت هذه الدفعة.',
  problem_code_in_process: 'هذا الرمز قيد المعالجة.',
  problem_code_used: 'استُخدم هذا الرمز. اطلب من العميل تحديثه.',
  problem_not_extendable: 'يمكن تمديد الانتظار مرة واحدة فقط، وأثناء انتظار العميل.',
  problem_role: 'دخولك للاطلاع فقط.',
  problem_csrf: 'تغيّرت الجلسة. أعد تحميل الصفحة.',
  problem_bad_token: 'رمز الوصول غير معروف.',
  problem_too_many_failures: 'محاولات فاشلة كثيرة. انتظر دقيقة ثم حاول مرة أخرى.',
  problem_busy: 'الخدمة مشغولة. حاول مرة أخرى بعد قليل.',
  problem_unavailable: 'لا تستطيع الخدمة أخذ مدفوعات الآن. حاول مرة أخرى بعد قليل.',
  problem_internal: 'حدث خطأ في الخدمة. حاول مرة أخرى، وإن تكرر فاتصل بالدعم.',
};

const language = document.documentElement.lang;
const words = language === 'ar' ? arabic : english;

/** The words for a key, with {names} filled in. */
export function say(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/** A problem's sentence: ours for its code if there is one, else the service's. */
export function sayProblem(problem) {
  const key = `problem_${problem.code}`;
  return key in words ? say(key, problem.body) : problem.message;
}

/** The clock time of an RFC 3339 text, in this till's time zone. */
export function clock(text) {
  const options = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', numberingSystem: 'latn' };
  return new Date(text).toLocaleTimeString(language, options);
}

/** Fills in every element that names its words: its text, its label, its hint. */
export function label(root) {
  for (const element of root.querySelectorAll('[data-word]')) {
    element.textContent = say(element.dataset.word);
  }
  for (const element of root.querySelectorAll('[data-label]')) {
    element.setAttribute('aria-label', say(element.dataset.label));
  }
  for (const element of root.querySelectorAll('[data-hint]')) {
    element.setAttribute('placeholder', say(element.dataset.hint));
  }
}
