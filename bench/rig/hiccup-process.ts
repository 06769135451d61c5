/**
 * The hiccup meter as a process of its own, to stand beside what is measured on the same cores.
 * Takes 'start' and 'stop' over IPC; answers 'stop' with the histogram in its compressed form.
 */
import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { HiccupMeter } from './hiccup-meter.ts';

let meter: HiccupMeter | undefined;

process.on('message', message => {
  if (message === 'start') {
    meter?.stop();
    meter = new HiccupMeter().start();
    process.send!('started');
  } else if (message === 'stop' && meter !== undefined) {
    meter.stop();
    process.send!(encodeIntoCompressedBase64(meter.histogram));
  }
});
process.on('disconnect', () => process.exit(0));
// The terminal sends Ctrl-C to the whole group: the benchmark ends this process, not the key.
process.on('SIGINT', () => undefined);
process.send!('ready');
