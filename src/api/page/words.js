// What the page says, in the store's language. Sentences about a payment's
// outcome and about refused scans come from the service in that language; the
// service's problems come in English and are said here by their stable code.

const english = {
  skip: 'Skip to the payment',
  lane: 'Lane',
  lane_title: 'Lane {lane}',
  sign_in: 'Sign in',
  sign_out: 'Sign out',
  token: 'Access token',
  lost: 'The connection to the service is lost. What you see may be out of date.',
  collect_title: 'Collect a payment',
  amount: 'Amount',
  sale: 'Sale or ticket number',
  sale_short: 'Sale',
  part: 'Part of a split payment',
  start: 'Start',
  type_code: 'Code typed by hand',
  use_code: 'Use code',
  next: 'Next customer',
  more_time: 'More time',
  cancel: 'Cancel',
  cancelling: 'Cancelling …',
  notices: 'Last notices',
  no_notices: 'Nothing to report.',
  duties: 'Money to be returned',
  today: 'Today',
  time: 'Time',
  outcome: 'Outcome',
  none_today: 'No payments yet.',
  about: 'Sale {sale}',
  try_again: 'The service did not answer. Press Start again: it is safe, nothing is charged twice.',
  no_answer: 'The service did not answer. Try again.',
  free: 'Ready for the next payment',
  free_text: '',
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
  returning_text: 'If the customer was charged, the money is being returned.',
  unresolved: 'Not known yet',
  unresolved_text: 'Do not hand over the goods and do not charge again. The service keeps asking.',
  duty_return: 'Being returned',
  duty_watch: 'Being watched',
  duty_line: '{amount} {currency}, lane {lane}',
  duty_since: 'since {time}, {tries} tries',
  duty_alert: 'needs a person',
  scanner: 'Scanner {id}',
  gateway: '{id}',
  ready: 'ready',
  absent: 'not connected',
  failed: 'failed',
  ok: 'connected',
  unknown: 'not called yet',
  unreachable: 'not reachable',
};

const arabic = {
  skip: 'انتقل إلى الدفع',
  lane: 'الصندوق',
  lane_title: 'الصندوق {lane}',
  sign_in: 'تسجيل الدخول',
  sign_out: 'تسجيل الخروج',
  token: 'رمز الوصول',
  lost: 'انقطع الاتصال بالخدمة. قد تكون المعلومات المعروضة قديمة.',
  collect_title: 'تحصيل دفعة',
  amount: 'المبلغ',
  sale: 'رقم البيع أو الفاتورة',
  sale_short: 'البيع',
  part: 'جزء من دفعة مقسّمة',
  start: 'ابدأ',
  type_code: 'إدخال الرمز يدويًا',
  use_code: 'استخدم الرمز',
  next: 'العميل التالي',
  more_time: 'وقت إضافي',
  cancel: 'إلغاء',
  cancelling: 'جارٍ الإلغاء …',
  notices: 'آخر التنبيهات',
  no_notices: 'لا توجد تنبيهات.',
  duties: 'مبالغ يجب إرجاعها',
  today: 'اليوم',
  time: 'الوقت',
  outcome: 'النتيجة',
  none_today: 'لا توجد مدفوعات بعد.',
  about: 'البيع {sale}',
  try_again: 'لم تجب الخدمة. اضغط «ابدأ» مرة أخرى: هذا آمن ولن يُخصم المبلغ مرتين.',
  no_answer: 'لم تجب الخدمة. حاول مرة أخرى.',
  free: 'جاهز للدفعة التالية',
  free_text: '',
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
  returning_text: 'إذا خُصم المبلغ من العميل فسيُعاد إليه.',
  unresolved: 'النتيجة غير معروفة بعد',
  unresolved_text: 'لا تسلّم البضاعة ولا تخصم مرة أخرى. الخدمة تواصل الاستعلام.',
  duty_return: 'قيد الإرجاع',
  duty_watch: 'قيد المراقبة',
  duty_line: '{amount} {currency}، الصندوق {lane}',
  duty_since: 'منذ {time}، عدد المحاولات {tries}',
  duty_alert: 'يحتاج إلى تدخل موظف',
  scanner: 'الماسح {id}',
  gateway: '{id}',
  ready: 'جاهز',
  absent: 'غير متصل',
  failed: 'معطّل',
  ok: 'متصل',
  unknown: 'لم يُستدعَ بعد',
  unreachable: 'لا يمكن الوصول إليه',
  problem_bad_amount: 'المبلغ أرقام بفاصلة عشرية واحدة على الأكثر، مثل 37.50.',
  problem_zero_amount: 'يجب أن يكون المبلغ أكبر من صفر.',
  problem_over_ceiling: 'المبلغ أعلى من الحد المسموح به لهذا الصندوق.',
  problem_bad_sale: 'رقم البيع غير صالح: حتى 64 حرفًا لاتينيًا أو رقمًا.',
  problem_lane_busy: 'على هذا الصندوق دفعة لم تنتهِ. أنهِها أو ألغِها أولًا.',
  problem_sale_busy: 'لهذا البيع دفعة لم تنتهِ بعد. انتظرها أو ألغِها.',
  problem_sale_paid: 'هذا البيع مدفوع. اختر «جزء من دفعة مقسّمة» إذا كان مقسّمًا.',
  problem_paying: 'توجد دفعة جارية؛ لم يُستخدم الرمز الثاني.',
  problem_not_armed: 'لا توجد دفعة تنتظر رمزًا على هذا الصندوق.',
  problem_done: 'انتهت هذه الدفعة.',
  problem_code_in_process: 'هذا الرمز قيد المعالجة.',
  problem_code_used: 'استُخدم هذا الرمز. اطلب من العميل تحديثه.',
  problem_not_extendable: 'يمكن تمديد الانتظار مرة واحدة فقط، وأثناء انتظار العميل.',
  problem_role: 'لا يسمح دورك بهذا الإجراء.',
  problem_bad_token: 'رمز الوصول غير معروف.',
  problem_too_many_failures: 'محاولات فاشلة كثيرة. انتظر دقيقة ثم حاول مرة أخرى.',
  problem_busy: 'الخدمة مشغولة. حاول مرة أخرى بعد قليل.',
  problem_unavailable: 'الخدمة غير متاحة الآن.',
};

export const language = document.documentElement.lang;
const words = language === 'ar' ? { ...english, ...arabic } : english;

/** The words for a key, with {names} filled in. */
export function say(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}

/** A problem's sentence: ours for its code if there is one, else the service's. */
export function sayProblem(problem) {
  return words[`problem_${problem.code}`] ?? problem.message;
}

/** The clock time of an RFC 3339 text, in this till's time zone. */
export function clock(text) {
  const options = { hour: '2-digit', minute: '2-digit', numberingSystem: 'latn' };
  return new Date(text).toLocaleTimeString(language, options);
}

/** Fills in every element that names its words. */
export function label(root) {
  for (const element of root.querySelectorAll('[data-word]')) {
    element.textContent = say(element.dataset.word);
  }
}
