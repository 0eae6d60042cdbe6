/** The resources for which the simulated tenant issues tokens, named as in `scope` without the trailing `/.default`. */

export const publicGraphAudience = 'https://graph.microsoft.com';
/** Ends with a slash, which is why the scope of the Intune API carries two. */
export const intuneAudience = 'https://api.manage.microsoft.com/';

/** The simulated Graph goes by the name of the real one as well, so that a client may keep the usual scope. */
export function graphAudiences(graphUrl: string): readonly string[] {
  return [graphUrl, publicGraphAudience];
}
