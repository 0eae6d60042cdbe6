// A collector that takes OTLP, in a process of its own, so that it does not share the processor time of what is
// measured. Tells its address, and when it is asked, how many lookups it has heard of.

import { startOtlpReceiver } from '../support/otlp-receiver.ts';

const collector = await startOtlpReceiver();
process.on('message', () => {
  const heard = collector.series('nac.lookups').reduce((sum, { value }) => sum + value, 0);
  process.send?.({ heard });
});
process.on('disconnect', () => process.exit());
process.send?.({ url: collector.url });
