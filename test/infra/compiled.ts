// The template as the compiler makes it, with all its modules: what a deployment is given, for tests of what the
// snapshots of the samples cannot show.

import { join } from 'node:path';
import { runBicep } from '../../scripts/bicep.ts';
import { ROOT } from './deployment.ts';

export interface Parameter {
  readonly type?: string;
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly allowedValues?: readonly unknown[];
}

export interface CompiledResource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly dependsOn?: readonly string[];
}

export interface CompiledTemplate {
  readonly definitions?: Readonly<
    Record<string, { properties?: Record<string, unknown>; allowedValues?: readonly string[] }>
  >;
  readonly parameters?: Readonly<Record<string, Parameter>>;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly resources: Readonly<Record<string, CompiledResource>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/** @throws Error with what the compiler says */
export async function compiledTemplate(path = 'infra/main.bicep'): Promise<CompiledTemplate> {
  const { stdout } = await runBicep(['build', join(ROOT, path), '--stdout']);
  return JSON.parse(stdout);
}

/** A template and those of its modules, by the name of the module. */
export function templatesIn(template: CompiledTemplate): Map<string, CompiledTemplate> {
  const modules = Object.entries(template.resources).flatMap(([name, { type, properties }]) =>
    type === 'Microsoft.Resources/deployments'
      ? [...templatesIn(properties['template'] as CompiledTemplate)].map(
          ([inner, found]) => [inner === '' ? name : `${name}/${inner}`, found] as const,
        )
      : [],
  );
  return new Map([['', template] as const, ...modules]);
}

/** Names and values, as expressions, in every `createObject(…)` of an expression. */
export function createdObjects(expression: string): Map<string, string> {
  const created = new Map<string, string>();
  for (const { index } of expression.matchAll(/\bcreateObject\(/g)) {
    const parts = argumentsAt(expression, index + 'createObject('.length);
    for (let i = 0; i + 1 < parts.length; i += 2) created.set(unquoted(parts[i] ?? ''), parts[i + 1] ?? '');
  }
  return created;
}

/** Arguments of the call whose bracket is just before that place. */
function argumentsAt(expression: string, start: number): string[] {
  const found: string[] = [];
  let [depth, from, inText] = [0, start, false];
  for (let at = start; at < expression.length; at++) {
    const character = expression[at];
    if (character === "'") inText = !inText;
    if (inText) continue;
    if (character === '(' || character === '[') depth += 1;
    else if (depth > 0 && (character === ')' || character === ']')) depth -= 1;
    else if (depth === 0 && (character === ',' || character === ')')) {
      found.push(expression.slice(from, at).trim());
      from = at + 1;
      if (character === ')') break;
    }
  }
  return found.filter((text) => text !== '');
}

function unquoted(text: string): string {
  return text.replaceAll(/^'|'$/g, '');
}
