// What a sender wrote, cut into its AMQP sections: header and annotations apart, because the broker writes its own on
// delivery, and the rest ("bare") byte for byte as it came.
import {
  type AmqpScalar,
  encodeInt,
  encodeScalar,
  encodeSection,
  encodeString,
  encodeSymbol,
  endOfValue,
  itemOffsets,
  mapEntries,
  readScalar,
} from './amqp-value.ts';

export interface MessageContent {
  readonly durable: boolean;
  readonly priority: number;
  readonly timeToLiveMs: number | undefined;
  /** The sender's annotations, the values still encoded. */
  readonly annotations: ReadonlyMap<string, Buffer>;
  /** Properties, application properties, body and footer. */
  readonly bare: Buffer;
}

const HEADER = 0x70;
const ANNOTATIONS = 0x72;
const PROPERTIES = 0x73;
const APPLICATION_PROPERTIES = 0x74;
const DATA = 0x75;
const MESSAGE_ID = 0;
const GROUP_ID = 10;
const DEFAULT_PRIORITY = 4;

export function parseMessage(raw: Buffer): MessageContent {
  let durable = false;
  let priority = DEFAULT_PRIORITY;
  let timeToLiveMs: number | undefined;
  const annotations = new Map<string, Buffer>();
  let bareAt: number | undefined;
  for (const { code, start, value } of sections(raw)) {
    // Sections come in the order of their codes.
    if (code >= PROPERTIES) {
      bareAt = start;
      break;
    }
    if (code === HEADER) {
      const [durableValue, priorityValue, ttlValue] = itemOffsets(raw, value).map((at) => readScalar(raw, at));
      durable = durableValue === true;
      if (typeof priorityValue === 'number') priority = priorityValue;
      if (typeof ttlValue === 'number') timeToLiveMs = ttlValue;
    }
    if (code === ANNOTATIONS)
      for (const { key, valueBytes } of mapEntries(raw, value)) annotations.set(key, valueBytes);
  }
  if (bareAt === undefined) throw new Error('The message has no body.');
  return { durable, priority, timeToLiveMs, annotations, bare: raw.subarray(bareAt) };
}

/** The message with header and annotations in front; `added` wins over the sender's annotation of the same name. */
export function encodeMessage(
  content: MessageContent,
  deliveryCount: number,
  added: ReadonlyMap<string, Buffer>,
): Buffer {
  const { durable, priority, timeToLiveMs, annotations, bare } = content;
  const header = encodeSection(HEADER, 0xd0, [
    encodeScalar(durable),
    Buffer.from([0x50, priority]),
    timeToLiveMs === undefined ? encodeScalar(null) : encodeUint(timeToLiveMs),
    encodeScalar(false),
    encodeUint(deliveryCount),
  ]);
  const pairs: Buffer[] = [];
  for (const [key, value] of annotations) if (!added.has(key)) pairs.push(encodeSymbol(key), value);
  for (const [key, value] of added) pairs.push(encodeSymbol(key), value);
  return Buffer.concat([header, encodeSection(ANNOTATIONS, 0xd1, pairs), bare]);
}

/** The messages inside one sent as a batch: each is a data section of the envelope. */
export function messagesInBatch(raw: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (const { code, value } of sections(raw)) {
    const content = code === DATA ? readScalar(raw, value) : undefined;
    if (Buffer.isBuffer(content)) messages.push(content);
  }
  return messages;
}

export function messageIdOf(content: MessageContent): string | undefined {
  return textOf(property(content.bare, MESSAGE_ID));
}

export function sessionIdOf(content: MessageContent): string | undefined {
  return textOf(property(content.bare, GROUP_ID));
}

export function annotationOf(content: MessageContent, name: string): AmqpScalar {
  const value = content.annotations.get(name);
  return value && readScalar(value, 0);
}

/** The service names a message whose sender did not; the SDK cannot renew the lock of one without an id. */
export function withMessageId(content: MessageContent, messageId: string): MessageContent {
  const { bare } = content;
  const section = findSection(bare, PROPERTIES);
  const items = section ? itemsOf(bare, section.value) : [];
  const replaced = encodeSection(PROPERTIES, 0xd0, [encodeString(messageId), ...items.slice(1)]);
  return { ...content, bare: Buffer.concat([replaced, bare.subarray(section?.end ?? 0)]) };
}

export type ApplicationProperties = Readonly<Record<string, unknown>>;

/** Adds application properties, replacing those of the same name; an undefined value adds nothing. */
export function withApplicationProperties(content: MessageContent, added: ApplicationProperties): MessageContent {
  const { bare } = content;
  const section = findSection(bare, APPLICATION_PROPERTIES);
  const newProperties = new Map(Object.entries(added).filter(([, value]) => value !== undefined));
  const items: Buffer[] = [];
  for (const { key, keyBytes, valueBytes } of section ? mapEntries(bare, section.value) : []) {
    if (!newProperties.has(key)) items.push(keyBytes, valueBytes);
  }
  for (const [key, value] of newProperties) items.push(encodeString(key), encodeScalar(value));
  const start = section?.start ?? findSection(bare, PROPERTIES)?.end ?? 0;
  const rewritten = encodeSection(APPLICATION_PROPERTIES, 0xd1, items);
  return {
    ...content,
    bare: Buffer.concat([bare.subarray(0, start), rewritten, bare.subarray(section?.end ?? start)]),
  };
}

interface Section {
  readonly code: number;
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

function* sections(bytes: Buffer): Generator<Section> {
  let start = 0;
  while (start < bytes.length) {
    if (bytes.readUInt8(start) !== 0) throw new Error('A message section must begin with its descriptor.');
    const descriptor = readScalar(bytes, start + 1);
    if (typeof descriptor !== 'number') throw new Error('A message section has no numeric descriptor.');
    const value = endOfValue(bytes, start + 1);
    const end = endOfValue(bytes, value);
    yield { code: descriptor, start, value, end };
    start = end;
  }
}

function findSection(bare: Buffer, wanted: number): Section | undefined {
  for (const section of sections(bare)) {
    if (section.code === wanted) return section;
    if (section.code > wanted) return undefined;
  }
  return undefined;
}

function property(bare: Buffer, index: number): AmqpScalar {
  const section = findSection(bare, PROPERTIES);
  const at = section && itemOffsets(bare, section.value)[index];
  return at === undefined ? undefined : readScalar(bare, at);
}

function itemsOf(bytes: Buffer, list: number): Buffer[] {
  return itemOffsets(bytes, list).map((at) => bytes.subarray(at, endOfValue(bytes, at)));
}

function textOf(value: AmqpScalar): string | undefined {
  if (value === undefined || value === null) return undefined;
  return Buffer.isBuffer(value) ? value.toString('hex') : String(value);
}

function encodeUint(value: number): Buffer {
  const bytes = encodeInt(value | 0);
  bytes.writeUInt8(0x70);
  return bytes;
}
