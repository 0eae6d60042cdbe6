// Reads single settings: text, times, lists, numbers. Which there are and what they mean, settings-table.ts says.

import { parseDuration } from '../duration.ts';
import { SettingsError } from '../errors.ts';
import { isNcrontab } from './ncrontab.ts';
import { SETTINGS, type SettingDescription, type SettingName } from './settings-table.ts';

export type Env = Readonly<Record<string, string | undefined>>;

const UNRESOLVED =
  'is a Key Vault reference that was not resolved: put the secret into the vault, let the function app’s identity ' +
  'read it (Key Vault Secrets User), and have the references read again (docs/deploy.md)';

/** Collects problems instead of stopping at the first; its results only count if there were none. */
export class SettingsReader {
  readonly #env: Env;
  readonly #problems: string[] = [];

  constructor(env: Env) {
    this.#env = env;
  }

  text(name: SettingName): string | undefined {
    const { default: fallback }: SettingDescription = SETTINGS[name];
    const value = this.#env[name]?.trim();
    // Azure hands on a reference that it cannot resolve as it was written: such a key or secret is easy to guess.
    if (value?.startsWith('@Microsoft.KeyVault(')) {
      this.problem(name, UNRESOLVED);
      return '';
    }
    return value || fallback;
  }

  /** Variables that Azure sets by itself. */
  platform(name: 'WEBSITE_SITE_NAME' | 'WEBSITE_INSTANCE_ID'): string | undefined {
    return this.#env[name]?.trim() || undefined;
  }

  /** @returns empty text where it is missing, which is reported */
  required(name: SettingName): string {
    const value = this.text(name);
    if (value === undefined) this.problem(name, `is missing (${SETTINGS[name].meaning})`);
    return value ?? '';
  }

  guid(name: SettingName): string {
    const value = this.required(name);
    if (value && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) {
      this.problem(name, `is not a GUID like 0f8fad5b-d9cb-469f-a165-70867728950e`);
    }
    return value.toLowerCase();
  }

  duration(name: SettingName, limits: { from: string; to: string; unit: 'ms' | 's' | 'm' | 'd' }): number {
    const value = this.required(name);
    const milliseconds = parseDuration(value, limits.unit);
    const least = parseDuration(limits.from) ?? 0;
    const most = parseDuration(limits.to) ?? Number.POSITIVE_INFINITY;
    if (milliseconds === undefined || milliseconds < least || milliseconds > most) {
      this.problem(name, `must be a time from ${limits.from} to ${limits.to}, e.g. 90s, 15m or 2h; it is "${value}"`);
      return 0;
    }
    return milliseconds;
  }

  durationOrOff(name: SettingName, limits: { from: string; to: string; unit: 'ms' | 's' | 'm' }): number | undefined {
    return this.text(name)?.toLowerCase() === 'off' ? undefined : this.duration(name, limits);
  }

  schedule(name: SettingName): string {
    const value = this.required(name).replace(/\s+/g, ' ');
    if (!isNcrontab(value)) {
      this.problem(name, 'must be a six-field NCRONTAB expression, e.g. "0 * * * * *" for every minute');
    }
    return value;
  }

  oneOf<T extends string>(name: SettingName, allowed: readonly T[]): T {
    const value = this.required(name);
    const found = allowed.find((candidate) => candidate.toLowerCase() === value.toLowerCase());
    if (found === undefined) this.problem(name, `must be one of ${allowed.join(', ')}`);
    return found ?? (value as T);
  }

  /** A list with commas, in any letter case. */
  severalOf<T extends string>(name: SettingName, allowed: readonly T[]): T[] {
    const words = this.required(name)
      .split(',')
      .flatMap((word) => word.trim() || []);
    return words.flatMap((word) => {
      const found = allowed.find((candidate) => candidate.toLowerCase() === word.toLowerCase());
      if (found === undefined) this.problem(name, `may list ${allowed.join(', ')}; "${word}" is none of them`);
      return found ?? [];
    });
  }

  /** Lower case; `undefined` where the setting is not set. */
  domains(name: SettingName): readonly string[] | undefined {
    const words = this.text(name)
      ?.split(',')
      .flatMap((word) => word.trim().toLowerCase() || []);
    for (const word of words ?? []) {
      if (!/^[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){0,10}$/.test(word)) {
        this.problem(name, `may list names of domains; "${word.slice(0, 80)}" is none`);
      }
    }
    return words?.length ? words : undefined;
  }

  wholeNumber(name: SettingName, least: number, most: number): number {
    const value = Number(this.required(name));
    if (!Number.isInteger(value) || value < least || value > most) {
      this.problem(name, `must be a whole number from ${least} to ${most}`);
    }
    return value;
  }

  /** @param name absent for a problem that concerns several settings and names them */
  problem(name: SettingName | undefined, problem: string): void {
    this.#problems.push(name === undefined ? problem : `${name} ${problem}`);
  }

  throwIfProblems(): void {
    if (this.#problems.length > 0) throw new SettingsError(this.#problems);
  }
}
