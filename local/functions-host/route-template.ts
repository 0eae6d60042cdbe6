// Compiles an ASP.NET route template, the language of an HTTP function's `route`, to a matcher over path segments.
import { constraintFor } from './route-constraint.ts';

export interface RouteTemplate {
  /**
   * Sorts templates by ASP.NET's precedence, most specific first: literals, constrained parameters, parameters,
   * catch-alls.
   */
  readonly precedence: string;
  /** The route parameters when the decoded path segments match. */
  match(segments: readonly string[]): ReadonlyMap<string, string> | undefined;
}

interface Parameter {
  readonly name: string;
  readonly catchAll: boolean;
  readonly optional: boolean;
  readonly defaultValue: string | undefined;
  readonly constraints: readonly ((value: string) => boolean)[];
}

type Part = { readonly literal: string } | Parameter;

/** Throws an Error saying what is wrong with, or not supported in, the template. */
export function compileRouteTemplate(template: string): RouteTemplate {
  const parts = template
    .split('/')
    .filter((segment) => segment !== '')
    .map(parsePart);
  const names = new Set<string>();
  for (const [index, part] of parts.entries()) {
    if ('literal' in part) continue;
    if (names.has(part.name.toLowerCase())) throw new Error(`the parameter "${part.name}" occurs twice`);
    names.add(part.name.toLowerCase());
    const last = index === parts.length - 1;
    if (part.catchAll && !last) throw new Error(`the catch-all parameter "${part.name}" must come last`);
    if (part.optional && !last) throw new Error(`the optional parameter "${part.name}" must come last`);
  }
  return { precedence: parts.map(precedenceOf).join(''), match: (segments) => matchParts(parts, segments) };
}

/** Percent-decodes the path as Kestrel does: "%2F" stays, and so does what is no valid UTF-8 escape. */
export function pathSegments(path: string): string[] {
  const segments = path.replace(/^\//, '').split('/');
  // ASP.NET ignores one trailing slash.
  if (segments.at(-1) === '') segments.pop();
  return segments.map((segment) =>
    segment.replace(/(?:%(?!2f)[0-9a-f]{2})+/gi, (escapes) => {
      try {
        return decodeURIComponent(escapes);
      } catch {
        return escapes.replace(/%[0-7][0-9a-f]/gi, decodeURIComponent);
      }
    }),
  );
}

function parsePart(segment: string): Part {
  if (!/[{}]/.test(segment)) return { literal: segment.toLowerCase() };
  const match = /^\{(\*{0,2})([\w-]+)((?::\w+(?:\([^(){}]*\))?)*)(?:=([^{}?]*))?(\?)?\}$/.exec(segment);
  if (!match) throw new Error(`the segment "${segment}" is not supported`);
  const [, stars, name = '', constraints = '', defaultValue, question] = match;
  return {
    name,
    catchAll: stars !== '',
    optional: question !== undefined,
    defaultValue,
    constraints: [...constraints.matchAll(/:(\w+)(?:\(([^()]*)\))?/g)].map(([, constraint = '', argument]) =>
      constraintFor(constraint, argument),
    ),
  };
}

function precedenceOf(part: Part): string {
  if ('literal' in part) return '1';
  const constrained = part.constraints.length > 0;
  if (part.catchAll) return constrained ? '4' : '5';
  return constrained ? '2' : '3';
}

function matchParts(parts: readonly Part[], segments: readonly string[]): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>();
  for (const [index, part] of parts.entries()) {
    const segment = segments[index];
    if ('literal' in part) {
      if (segment?.toLowerCase() !== part.literal) return undefined;
      continue;
    }
    const given = part.catchAll ? segments.slice(index).join('/') : segment;
    const value = given === undefined || given === '' ? absentValue(part, given) : given;
    if (value === undefined) return undefined;
    if (value === null) continue;
    if (!part.constraints.every((holds) => holds(value))) return undefined;
    values.set(part.name, value);
  }
  const catchesRest = parts.some((part) => !('literal' in part) && part.catchAll);
  return segments.length > parts.length && !catchesRest ? undefined : values;
}

/** The default, null for "matches without a value", undefined for "does not match". */
function absentValue(part: Parameter, given: string | undefined): string | null | undefined {
  // An empty segment in the middle ("/a//b") is not an absent one: parameters never match it.
  if (given === '' && !part.catchAll) return undefined;
  if (part.defaultValue !== undefined) return part.defaultValue;
  return part.optional || part.catchAll ? null : undefined;
}
