// W3C Trace Context: the name of a span as one line of text, in messages and rows.
// https://www.w3.org/TR/trace-context/#traceparent-header

export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
  readonly sampled: boolean;
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LONGEST = 128;

/** @returns `undefined` for anything else: what comes with a message is no reason to refuse it */
export function parseTraceparent(value: unknown): TraceParent | undefined {
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const [, version, traceId = '', spanId = '', flags = '', more] = FORM.exec(value) ?? [];
  // Later versions may say more behind what this one knows; version 00 says no more, and ff is none.
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: TraceParent): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** The text itself where it is one, as it will be handed on; nothing else is. */
export function readTraceparent(value: unknown): string | undefined {
  const parsed = parseTraceparent(value);
  return parsed && formatTraceparent(parsed);
}
