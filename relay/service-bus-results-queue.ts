// The results queue at Service Bus.

import type { ServiceBusClient, ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import type { CoaReport } from '../shared/domain/coa-job.ts';
import type { ConnectServiceBus } from './connect-service-bus.ts';
import { type ResultsQueue, reportMessageId } from './report-outbox.ts';
import { serviceBusError } from './service-bus-error.ts';
import { within } from './within.ts';

export interface ServiceBusResultsQueue extends ResultsQueue {
  close(): Promise<void>;
}

const sendLimitMs = 15_000;
const closeLimitMs = 3000;

/** On a connection of its own, made anew after each failure. */
export function serviceBusResultsQueue(connect: ConnectServiceBus, queue: string): ServiceBusResultsQueue {
  let open: { readonly client: ServiceBusClient; readonly sender: ServiceBusSender } | undefined;

  async function drop(): Promise<void> {
    const dropped = open;
    open = undefined;
    if (dropped) await within(closeLimitMs, dropped.client.close()).catch(() => undefined);
  }

  function openSender() {
    const client = connect();
    return { client, sender: client.createSender(queue) };
  }

  return {
    async send(reports) {
      try {
        open ??= openSender();
        await within(sendLimitMs, open.sender.sendMessages(reports.map(toMessage)));
      } catch (error) {
        void drop();
        throw serviceBusError(error, queue);
      }
    },
    close: drop,
  };
}

function toMessage(report: CoaReport): ServiceBusMessage {
  return {
    messageId: reportMessageId(report),
    subject: `coa-${report.stage}`,
    contentType: 'application/json',
    body: report,
  };
}
