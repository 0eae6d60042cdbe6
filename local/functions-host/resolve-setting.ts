// Replaces %NAME% in a trigger's properties by the app setting NAME, as the Functions host does when it indexes the
// app.
import { StartError } from '../local-error.ts';

export function resolveSetting(text: string, functionName: string, property: string, env: NodeJS.ProcessEnv): string {
  return text.replace(/%([^%]+)%/g, (whole, name: string) => {
    const value = env[name];
    // An empty value counts as unset: Azure reports the same error for both.
    if (!value) {
      throw new StartError(
        `Function "${functionName}": its ${property} is ${whole}, but the app setting ${name} is not set.`,
      );
    }
    return value;
  });
}
