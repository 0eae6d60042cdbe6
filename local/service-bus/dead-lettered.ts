// What a message says in the dead-letter queue of why it is there.
import { type ApplicationProperties, type MessageContent, withApplicationProperties } from './message-content.ts';

export interface DeadLetterDetails {
  readonly reason?: string | undefined;
  readonly description?: string | undefined;
  readonly properties?: ApplicationProperties;
}

export function deadLettered(
  content: MessageContent,
  { reason, description, properties }: DeadLetterDetails,
): MessageContent {
  return withApplicationProperties(content, {
    ...properties,
    DeadLetterReason: reason,
    DeadLetterErrorDescription: description,
  });
}
