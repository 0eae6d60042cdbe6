// Answers a request on the link its sender reads replies from: named in the request by address or by link name.
import type { Message, Receiver, Sender } from 'rhea';

export interface Reply {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

export function reply(requests: Receiver, request: Message, { properties, body }: Reply): void {
  const to = request.reply_to;
  const isReplyLink = (link: Sender) => link.name === to || link.target?.address === to;
  const link = requests.session.find_sender(isReplyLink) ?? requests.connection.find_sender(isReplyLink);
  link?.send({
    ...(request.message_id === undefined ? {} : { correlation_id: request.message_id }),
    application_properties: properties,
    body,
  });
}
