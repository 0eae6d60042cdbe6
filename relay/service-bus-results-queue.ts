// The results queue at Service Bus.

import { hash } from 'node:crypto';
import type { ServiceBusClient, ServiceBusMessage, ServiceBusSender } from '@azure/service-bus';
import { type CoaReport, coaMessageId } from '../shared/domain/coa-job.ts';
import type { ConnectServiceBus } from './connect-service-bus.ts';
import type { ResultsQueue } from './report-outbox.ts';
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
        await within(sendLimitMs, open.sender.sendMessages(toMessage(reports)));
      } catch (error) {
        void drop();
        throw serviceBusError(error, queue);
      }
    },
    close: drop,
  };
}

/**
 * One message for all of them: it costs queue and functions what one report costs. The same reports make the same message
 * id, so that duplicate detection of the queue drops a repetition.
 */
function toMessage(reports: readonly CoaReport[]): ServiceBusMessage {
  const ids = reports.map(reportMessageId);
  const [only = ''] = ids;
  return {
    messageId: ids.length === 1 ? only : `reports:${hash('sha256', ids.join('\n'), 'hex')}`,
    contentType: 'application/json',
    body: reports.length === 1 ? reports[0] : reports,
  };
}

/** The same stage of the same attempt is the same message. */
function reportMessageId({ jobId, attempt, stage }: CoaReport): string {
  return `${coaMessageId({ id: jobId, attempt })}:${stage}`;
}
