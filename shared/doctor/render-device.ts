// One device as text: raw answers, indented, and harmless for a terminal.

import type { DeviceView } from './show-device.ts';

/** A list that ignores its filter has the whole fleet. */
const LONGEST_BODY = 6000;

export function renderDevice(view: DeviceView): string {
  const { asked, askedAs, id, stored, others, answers } = view;
  const sections = [
    section('Asked for', `${asked} (${askedAs})${id === undefined ? ': no source knows such a device' : ''}`),
    ...(others.length > 0
      ? [section('Also held by', `${others.slice(0, 10).join(', ')}: this is how a match becomes ambiguous`)]
      : []),
    ...answers.map(({ title, answer }) =>
      'failed' in answer
        ? section(title, answer.failed)
        : section(`${title}: ${answer.status}`, `GET ${answer.url}\n${pretty(answer.body)}`),
    ),
    section('Stored', stored === undefined ? 'nothing' : JSON.stringify(withoutEtag(stored), undefined, 2)),
  ];
  return sections.join('\n');
}

function section(title: string, body: string): string {
  const lines = clean(
    body.length > LONGEST_BODY ? `${body.slice(0, LONGEST_BODY)}\n… (${body.length} characters)` : body,
  )
    .split('\n')
    .map((line) => `    ${line}`.trimEnd());
  return `  ${clean(title)}\n${lines.join('\n')}\n`;
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), undefined, 2);
  } catch {
    return body.replaceAll('><', '>\n<') || '(empty)';
  }
}

/** What a device is called may hold commands for a terminal. */
function clean(text: string): string {
  return text.replace(/[^\P{C}\n]/gu, ' ');
}

function withoutEtag({ etag, ...stored }: NonNullable<DeviceView['stored']>): object {
  return stored;
}
