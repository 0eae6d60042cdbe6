// The report as text, 100 columns wide.

import type { CheckReport, CheckStatus, DoctorReport } from '../ports/check.ts';
import { wrapText } from './wrap-text.ts';

const WIDTH = 100;
const LABELS: Record<CheckStatus, string> = { ok: 'ok', warn: 'warning', failed: 'FAILED', skipped: 'skipped' };
const INDENT = 11;

/** Text of one check, to be printed as soon as it is done. */
export function renderCheck({ status, title, saw, means, action, code, details = [] }: CheckReport): string {
  const label = `  ${LABELS[status].padEnd(INDENT - 2)}`;
  if (status === 'skipped') return hanging(label, `${title}: ${saw}`).join('\n');
  const lines = [`${label}${title}${code ? `  (${code})` : ''}`];
  if (status === 'failed' || status === 'warn') {
    lines.push(...labelled('saw', saw), ...labelled('means', means), ...labelled('do', action));
  } else {
    lines.push(...hanging(' '.repeat(INDENT), saw));
  }
  lines.push(...details.flatMap(renderDetail));
  return lines.join('\n');
}

export function renderHeading(at: string): string {
  const name = 'Doctor of the serverless NAC connector';
  const time = `${at.slice(0, 19).replace('T', ' ')} UTC`;
  return `${name}${time.padStart(WIDTH - name.length)}\n`;
}

export function renderSummary({ counts, ok }: DoctorReport): string {
  const parts = [
    `${counts.ok} ok`,
    `${counts.warn} ${counts.warn === 1 ? 'warning' : 'warnings'}`,
    `${counts.failed} failed`,
    `${counts.skipped} skipped`,
  ];
  const advice = ok ? '' : ' Mend the first failure first: others may follow from it.';
  return `\n  ${parts.join(', ')}.${advice}`;
}

export function renderReport(report: DoctorReport): string {
  return [renderHeading(report.at), ...report.checks.map(renderCheck), renderSummary(report), ''].join('\n');
}

/** Keeps the blanks in front; what goes on in a second line stands further in. */
function renderDetail(line: string): string[] {
  const text = line.trimStart();
  const indent = INDENT + 2 + line.length - text.length;
  return wrapText(text, WIDTH - indent - 2).map((part, index) => ' '.repeat(index === 0 ? indent : indent + 2) + part);
}

function labelled(label: string, text: string | undefined): string[] {
  return text === undefined ? [] : hanging(`${' '.repeat(INDENT)}${label.padEnd(7)}`, text);
}

function hanging(label: string, text: string): string[] {
  return wrapText(text, WIDTH - label.length).map(
    (line, index) => (index === 0 ? label : ' '.repeat(label.length)) + line,
  );
}
