// One device as text: raw answers, indented, and harmless for a terminal.

import type { DeviceView, JoinedView } from './show-device.ts';

/** A list that ignores its filter has the whole fleet. */
const LONGEST_BODY = 6000;

export function renderDevice(view: DeviceView): string {
  const { asked, askedAs, id, source, stored, joined, others, answers } = view;
  const sections = [
    section(
      'Asked for',
      `${asked} (${askedAs})${id === undefined ? ': no source knows such a device' : ''}${source === undefined ? '' : `: ${source} ${id}`}`,
    ),
    ...(others.length > 0
      ? [section('Also held by', `${others.slice(0, 10).join(', ')}: this is how a match becomes ambiguous`)]
      : []),
    ...answers.map(({ title, answer }) =>
      'failed' in answer
        ? section(title, answer.failed)
        : section(`${title}: ${answer.status}`, `GET ${answer.url}\n${pretty(answer.body)}`),
    ),
    section('Stored', stored === undefined ? 'nothing' : JSON.stringify(withoutEtag(stored), undefined, 2)),
    ...(joined === undefined ? [] : joinedSections(joined)),
  ];
  return sections.join('\n');
}

function joinedSections(joined: JoinedView): string[] {
  if ('tooMany' in joined) return [section('Other sources', 'too many have its ids: it is ambiguous')];
  const { records, verdicts, counts, because } = joined;
  const lines = verdicts.map(
    ({ source, id, standing, marks, asOf }) =>
      `${source} ${id}: ${[standing, ...marks].join(', ')} as of ${asOf}${source === counts ? `; counts (${because})` : ''}`,
  );
  return [
    section('What each source says', lines.join('\n')),
    ...records.map((record) =>
      section(`Stored of ${record.device.source}`, JSON.stringify(withoutEtag(record), undefined, 2)),
    ),
  ];
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
