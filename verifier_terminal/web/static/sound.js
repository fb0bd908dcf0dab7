// Sounds told apart by rhythm, not by pitch alone; off until somebody switches them on.

const RHYTHMS = {
  accept: [0.28], check: [0.12, 0.12], refuse: [0.07, 0.07, 0.07], not_read: [0.05, 0.2], tick: [0.03], attention: [0.2, 0.05, 0.2],
};
const GAP_SECONDS = 0.1;
let context = null;

// Browsers allow sound only after a key or a click, so this is called from the switch itself.
export function allowSound() {
  context ??= new AudioContext();
  context.resume();
}

export function play(name) {
  if (context === null) return;
  let start = context.currentTime + 0.02;
  for (const length of RHYTHMS[name]) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = 660;
    volume.gain.value = 0.15;
    tone.connect(volume).connect(context.destination);
    tone.start(start);
    tone.stop(start + length);
    start += length + GAP_SECONDS;
  }
}
