// Turns what the Service Bus SDK and @azure/identity throw into relay errors that say what to do.

import { isServiceBusError } from '@azure/service-bus';
import { RelayError } from './relay-error.ts';

/** @param queue the one that was used */
export function serviceBusError(cause: unknown, queue: string): RelayError {
  if (cause instanceof RelayError) return cause;
  const message = cause instanceof Error ? (cause.message.split('\n')[0] ?? '').slice(0, 500) : 'unknown reason';
  const name = cause instanceof Error ? cause.name : '';
  if (/^(Aggregate)?Authentication(Required)?Error$|^CredentialUnavailableError$/.test(name)) {
    return new RelayError('NAC_RELAY_UNAUTHORIZED', `Entra ID gave no token: ${message}`, {
      action:
        'Check tenantId and clientId, that the certificate or secret belongs to that application and has not expired, and that login.microsoftonline.com is reachable.',
      cause,
    });
  }
  const code = isServiceBusError(cause) ? cause.code : undefined;
  if (code === 'UnauthorizedAccess' || /unauthorized|claim is empty|InvalidSignature/i.test(message)) {
    return new RelayError('NAC_RELAY_UNAUTHORIZED', `Service Bus refuses access to queue ${queue}: ${message}`, {
      action:
        'Give the application of the relay "Azure Service Bus Data Receiver" on the jobs queue and "Azure Service Bus Data Sender" on the results queue.',
      cause,
    });
  }
  if (code === 'MessagingEntityNotFound' || code === 'MessagingEntityDisabled') {
    return new RelayError('NAC_RELAY_QUEUE', `Queue ${queue} is not usable: ${message}`, {
      action: 'Create or enable the queue, or correct site, jobsQueue or resultsQueue in relay.yaml.',
      cause,
    });
  }
  if (/session/i.test(message) && /(not|n't) (require|support|enable)/i.test(message)) {
    return new RelayError('NAC_RELAY_QUEUE', `Queue ${queue} has no sessions: ${message}`, {
      action: 'Delete the jobs queue and create it with sessions required.',
      cause,
    });
  }
  return new RelayError('NAC_RELAY_SERVICE_BUS', `Service Bus does not answer as it should: ${message}`, {
    action:
      'Nothing, if it passes: the relay tries on. Otherwise check the namespace, DNS, and that TCP 5671 (amqp) or 443 (websocket) is open.',
    cause,
  });
}
