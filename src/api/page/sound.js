// Short sounds, made here: the cashier looks at the customer, not at the screen.

const $ = (id) => document.getElementById(id);

const MEMORY = 'qrpayd.silent';

let audio = null;
let silent = localStorage.getItem(MEMORY) !== null;

// Browsers let a page sound only after somebody has touched it.
for (const gesture of ['pointerdown', 'keydown']) {
  addEventListener(gesture, () => {
    audio ??= new AudioContext();
    audio.resume();
  }, { passive: true });
}

function show() {
  $('sound').setAttribute('aria-pressed', String(!silent));
}

$('sound').addEventListener('click', () => {
  silent = !silent;
  if (silent) localStorage.setItem(MEMORY, 'yes');
  else localStorage.removeItem(MEMORY);
  show();
  taken();
});

show();

function tone(frequency, from, length, shape) {
  const start = audio.currentTime + from;
  const source = audio.createOscillator();
  const volume = audio.createGain();
  source.type = shape;
  source.frequency.value = frequency;
  // Soft edges, or the loudspeaker clicks.
  volume.gain.setValueAtTime(0, start);
  volume.gain.linearRampToValueAtTime(0.25, start + 0.01);
  volume.gain.linearRampToValueAtTime(0, start + length);
  source.connect(volume).connect(audio.destination);
  source.start(start);
  source.stop(start + length);
}

function play(notes) {
  if (silent || audio?.state !== 'running') return;
  for (const note of notes) tone(...note);
}

/** The code was taken. */
export function taken() {
  play([[1320, 0, 0.08, 'sine']]);
}

/** Paid. */
export function accept() {
  play([[880, 0, 0.14, 'sine'], [1320, 0.14, 0.28, 'sine']]);
}

/** Not paid, or a scan that was refused. */
export function refuse() {
  play([[220, 0, 0.18, 'square'], [180, 0.24, 0.32, 'square']]);
}
