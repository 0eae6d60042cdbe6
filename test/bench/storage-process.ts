// Table Storage in a process of its own, so that it does not share the processor time of what is measured. Tells its
// port.

import { startTableStorage } from '../../local/table-storage.ts';

const { port } = await startTableStorage();
process.send?.({ port });
process.on('disconnect', () => process.exit());
