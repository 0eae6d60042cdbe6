// Finds the HTTP function for a request, trying the most specific route first.
import type { RegisteredFunction } from './functions-core.ts';
import { pathSegments, type RouteTemplate } from './route-template.ts';

export interface Route {
  readonly fn: RegisteredFunction;
  /** Upper case. */
  readonly methods: readonly string[];
  readonly template: RouteTemplate;
}

export type RouteMatch =
  | { readonly kind: 'found'; readonly fn: RegisteredFunction; readonly params: ReadonlyMap<string, string> }
  | { readonly kind: 'none' };

export interface RouteTable {
  find(method: string, path: string): RouteMatch;
}

export function createRouteTable(routes: readonly Route[]): RouteTable {
  const ordered = routes.toSorted((a, b) =>
    a.template.precedence < b.template.precedence ? -1 : a.template.precedence > b.template.precedence ? 1 : 0,
  );
  return {
    find(method, path) {
      const segments = pathSegments(path);
      for (const route of ordered) {
        const params = route.template.match(segments);
        if (!params) continue;
        if (route.methods.includes(method)) return { kind: 'found', fn: route.fn, params };
      }
      return { kind: 'none' };
    },
  };
}
