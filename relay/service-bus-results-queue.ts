// The results queue at Service Bus.

import { hash } from 'node:crypto';
import type { ServiceBusMessage } from '@azure/service-bus';
import { serviceBusLink } from '../shared/adapters/service-bus/service-bus-link.ts';
import { type CoaReport, coaMessageId } from '../shared/domain/coa-job.ts';
import type { Stopwatch } from '../shared/ports/timer.ts';
import type { ConnectServiceBus } from './connect-service-bus.ts';
import { systemSendClock } from './radius/send-clock.ts';
import type { ResultsQueue } from './report-outbox.ts';
import { serviceBusError } from './service-bus-error.ts';

export interface ServiceBusResultsQueue extends ResultsQueue {
  /** Service Bus is known to be away: a send under way fails at once. */
  cut(): void;
  close(): Promise<void>;
}

/** On a connection of its own. */
export function serviceBusResultsQueue(
  connect: ConnectServiceBus,
  queue: string,
  timer: Stopwatch = systemSendClock,
): ServiceBusResultsQueue {
  const link = serviceBusLink({
    open() {
      const client = connect();
      return { client, sender: client.createSender(queue) };
    },
    timer,
  });
  return {
    async send(reports) {
      const message = toMessage(reports);
      try {
        await link.use(({ sender }) => sender.sendMessages(message));
      } catch (error) {
        throw serviceBusError(error, queue);
      }
    },
    cut: link.cut,
    close: link.close,
  };
}

/**
 * One message for all of them: it costs queue and functions what one report costs. The same reports make the same
 * message id, so that duplicate detection of the queue drops a repetition.
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
