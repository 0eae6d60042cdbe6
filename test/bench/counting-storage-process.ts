// Table Storage in a process of its own, and before it a proxy that sees every request. Answers every message with what
// that saw since. What is timed goes past it.

import { startTableStorage } from '../../local/table-storage.ts';
import { startStorageProxy } from '../support/storage-proxy.ts';

const storage = await startTableStorage();
const proxy = await startStorageProxy(storage.port, { sizes: true });
process.on('message', () => process.send?.(proxy.requests.splice(0)));
process.on('disconnect', () => process.exit());
process.send?.({ counted: proxy.connectionString, direct: storage.connectionString });
