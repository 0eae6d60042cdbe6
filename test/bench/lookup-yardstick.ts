// The functions the lookup is measured against, for the same runner: one that does nothing, and one that does a single
// point read with the same SDK. The second answers the line the FreeRADIUS sample expects.

import { TableClient } from '@azure/data-tables';
import { app } from '@azure/functions';

const devices = TableClient.fromConnectionString(process.env['StorageConnection'] ?? '', 'devices', {
  allowInsecureConnection: true,
});
const [partitionKey = '', rowKey = ''] = (process.env['YARDSTICK_ROW'] ?? '').split(' ');

app.http('empty', {
  route: 'api/empty',
  methods: ['GET', 'POST', 'PUT', 'DELETE'],
  authLevel: 'anonymous',
  handler: async () => ({ jsonBody: {} }),
});

app.http('read', {
  route: 'api/lookup',
  methods: ['POST'],
  authLevel: 'anonymous',
  async handler(request) {
    await request.json();
    const row = await devices.getEntity(partitionKey, rowKey);
    const reference = String(row['version']).padStart(40, '0');
    return {
      body: `permit role=compliant vlan=10 timeout=28800 class=${reference}`,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    };
  },
});
