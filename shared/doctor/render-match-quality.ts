// The match-quality report as text, 100 columns wide.

import type { MatchExample } from './counted-devices.ts';
import { MATCH_PROBLEMS, type MatchFinding, type MatchQuality } from './match-quality.ts';
import { wrapText } from './wrap-text.ts';

const WIDTH = 100;
const INDENT = 11;

export function renderMatchQuality({ devices, gone, joined, problems }: MatchQuality): string {
  const heading = `Devices that cannot be recognised, or not without doubt: ${devices} looked at, ${gone} gone ones left out\n`;
  const several = joined > 0 ? [`  ${String(joined).padStart(INDENT - 4)}  Devices that several sources know`] : [];
  return [heading, ...several, ...problems.map((finding) => renderFinding(finding)), ''].join('\n');
}

function renderFinding({ problem, devices, examples }: MatchFinding): string {
  const { title, meaning } = MATCH_PROBLEMS[problem];
  const lines = [`  ${String(devices).padStart(INDENT - 4)}  ${title}`];
  if (devices > 0)
    lines.push(...indented(meaning, INDENT), ...examples.flatMap(renderExample), ...rest(devices, examples));
  return lines.join('\n');
}

function renderExample({ shared, devices, more }: MatchExample): string[] {
  const named = devices.map(({ id, name }) => (name === undefined ? id : `${id} (${name})`)).join(', ');
  return indented(
    `${shared === undefined ? '' : `${shared}: `}${named}${more > 0 ? ` and ${more} more` : ''}`,
    INDENT + 2,
  );
}

function rest(devices: number, examples: readonly MatchExample[]): string[] {
  const shown = examples.reduce((sum, example) => sum + example.devices.length + example.more, 0);
  return shown < devices ? indented(`and ${devices - shown} more`, INDENT + 2) : [];
}

function indented(text: string, indent: number): string[] {
  return wrapText(text, WIDTH - indent - 2).map(
    (line, index) => `${' '.repeat(index === 0 ? indent : indent + 2)}${line}`,
  );
}
