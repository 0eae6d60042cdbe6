// The least that does a relay's work: receive, one UDP request, await the answer, send one result, complete.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { ServiceBusClient } from '@azure/service-bus';
import { fixRheaSettlement } from '../../relay/fix-rhea-settlement.ts';
import { type CoaJob, coaMessageId } from '../../shared/domain/coa-job.ts';
import { encodeRequest } from '../support/encode-request.ts';
import { NAS_SECRET } from './nas-addresses.ts';

const [site = '', port = '', atOnce = ''] = process.argv.slice(2);
const secret = Buffer.from(NAS_SECRET);
process.on('disconnect', () => process.exit());

fixRheaSettlement();
const socket = createSocket('udp4');
const waiting = new Map<string, () => void>();
const nextIdentifier = new Map<string, number>();
socket.on('message', (answer, { address }) => waiting.get(`${address} ${answer[1]}`)?.());
socket.bind(0);
await once(socket, 'listening');

const client = new ServiceBusClient(process.env['SERVICE_BUS_CONNECTION'] ?? '');
const results = client.createSender('coa-results');
const receiver = await client.acceptSession(`coa-${site}`, site);
receiver.subscribe(
  {
    async processMessage(message) {
      const job = message.body as CoaJob;
      await request(job.nas.nasIpAddress ?? '', job);
      const report = { jobId: job.id, attempt: job.attempt, site, stage: 'finished', outcome: 'acknowledged' };
      await results.sendMessages({ messageId: `${coaMessageId(job)}:finished`, body: report });
      await receiver.completeMessage(message);
    },
    async processError({ error }) {
      process.stderr.write(`${error.message}\n`);
    },
  },
  { autoCompleteMessages: false, maxConcurrentCalls: Number(atOnce) },
);
process.on('SIGTERM', async () => {
  await receiver.close();
  await client.close();
  process.exit();
});

async function request(address: string, { session }: CoaJob): Promise<void> {
  const identifier = (nextIdentifier.get(address) ?? 0) % 256;
  nextIdentifier.set(address, identifier + 1);
  const key = `${address} ${identifier}`;
  const answered = new Promise<void>((resolve) => void waiting.set(key, resolve));
  const packet = encodeRequest({
    packet: 'Disconnect-Request',
    attributes: [
      ['Acct-Session-Id', session.acctSessionId ?? ''],
      ['Calling-Station-Id', session.callingStationId ?? ''],
    ],
    messageAuthenticator: true,
    secret,
    identifier,
  });
  socket.send(packet, Number(port), address);
  await answered;
  waiting.delete(key);
}
