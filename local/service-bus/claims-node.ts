// The node "$cbs", where a client presents its signature before it may use a queue.
import type { Receiver } from 'rhea';
import { reply } from './reply.ts';
import { ACCEPTED, int, settle } from './rhea-quirks.ts';
import { isValidSignature } from './shared-access-signature.ts';

export const CLAIMS_NODE = '$cbs';

export function serveClaims(link: Receiver, accessKey: string, onAuthorized: () => void): void {
  link.on('message', ({ message, delivery }) => {
    if (!message || !delivery) return;
    settle(delivery, ACCEPTED);
    const valid =
      message.application_properties?.['operation'] === 'put-token' &&
      isValidSignature(String(message.body), accessKey, Date.now());
    if (valid) onAuthorized();
    const [status, text] = valid ? [202, 'Accepted'] : [401, 'InvalidSignature: The token has an invalid signature.'];
    reply(link, message, { properties: { 'status-code': int(status), 'status-description': text } });
  });
}
