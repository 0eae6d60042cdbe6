// The node "<queue>/$management", where the SDK asks for what links do not offer: renewing locks, peeking, scheduling,
// session state, and settling after a receiver is closed.
import type { Receiver } from 'rhea';
import type { Broker } from './broker.ts';
import { toBrokerError } from './broker-error.ts';
import { runManagementOperation } from './management-operation.ts';
import { reply } from './reply.ts';
import { ACCEPTED, int, isRecord, settle, symbol } from './rhea-quirks.ts';

export const MANAGEMENT_NODE = '/$management';

export function serveManagement(link: Receiver, broker: Broker, path: string): void {
  link.on('message', ({ message, delivery }) => {
    if (!message || !delivery) return;
    settle(delivery, ACCEPTED);
    const answer = (status: number, description: string, body?: unknown, condition?: string) => {
      const errorCondition = condition === undefined ? {} : { errorCondition: symbol(condition) };
      reply(link, message, {
        properties: { statusCode: int(status), statusDescription: description, ...errorCondition },
        body,
      });
    };
    try {
      const operation = String(message.application_properties?.['operation']);
      const body = runManagementOperation(operation, broker.queue(path), isRecord(message.body) ? message.body : {});
      broker.afterCommit(() => (body ? answer(200, 'OK', body) : answer(204, 'No content')));
    } catch (error) {
      const { status, message: text, condition } = toBrokerError(error);
      answer(status, text, undefined, condition);
    }
  });
}
