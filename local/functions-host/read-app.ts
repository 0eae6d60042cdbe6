// Reads what a built Functions app folder says about itself: entry points, host.json and local settings.
import { globSync, statSync } from 'node:fs';
import path from 'node:path';
import { StartError } from '../local-error.ts';
import { isJsonObject, type JsonObject, readJsonFile } from './read-json-file.ts';
import type { LogLevel } from './rpc-types.ts';

export interface App {
  readonly folder: string;
  readonly entryFiles: readonly string[];
  /** "" when the routes have no prefix. */
  readonly routePrefix: string;
  /** undefined when invocations may run for ever. */
  readonly functionTimeoutMs: number | undefined;
  readonly logLevel: LogLevel;
  /** local.settings.json `Values`: app settings for this machine only. */
  readonly settings: Readonly<Record<string, string>>;
}

// host.json names levels as .NET does; the Functions library uses the same words in lower case.
const LOG_LEVELS: readonly LogLevel[] = ['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none'];

// Flex Consumption's default (ScriptHost's DefaultFunctionTimeout).
const DEFAULT_TIMEOUT_MS = 30 * 60 * 1000;

export function readApp(folderArgument: string): App {
  const folder = path.resolve(folderArgument);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new StartError(`The app folder ${folder} does not exist.`);
  }
  const hostJson = readJsonFile(path.join(folder, 'host.json'));
  if (!hostJson) throw new StartError(`${path.join(folder, 'host.json')} does not exist: not a Functions app folder.`);
  return {
    folder,
    entryFiles: findEntryFiles(folder),
    routePrefix: readRoutePrefix(hostJson),
    functionTimeoutMs: readFunctionTimeout(hostJson),
    logLevel: readLogLevel(hostJson),
    settings: readSettings(path.join(folder, 'local.settings.json')),
  };
}

function findEntryFiles(folder: string): string[] {
  const packageFile = path.join(folder, 'package.json');
  const main = readJsonFile(packageFile)?.['main'];
  if (typeof main !== 'string' || main === '') {
    throw new StartError(`No functions found: ${packageFile} does not exist or names no entry point as "main".`);
  }
  const files = globSync(main.replace(/^\.\//, ''), { cwd: folder }).sort();
  if (files.length === 0) {
    throw new StartError(
      `No functions found: no file in ${folder} matches the entry point "${main}". Is the app built?`,
    );
  }
  return files.map((file) => path.resolve(folder, file));
}

function readRoutePrefix(hostJson: JsonObject): string {
  const extensions = isJsonObject(hostJson['extensions']) ? hostJson['extensions'] : {};
  const http = isJsonObject(extensions['http']) ? extensions['http'] : {};
  const prefix = http['routePrefix'] ?? 'api';
  if (typeof prefix !== 'string') throw new StartError('host.json: extensions.http.routePrefix must be a string.');
  return prefix;
}

function readFunctionTimeout(hostJson: JsonObject): number | undefined {
  const text = hostJson['functionTimeout'];
  if (text === undefined || text === null) return DEFAULT_TIMEOUT_MS;
  if (text === '-1' || text === -1) return undefined;
  const [, days, hours, minutes, seconds] =
    /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})$/.exec(typeof text === 'string' ? text : '') ?? [];
  const milliseconds =
    (((Number(days ?? 0) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  if (!(milliseconds > 0)) {
    throw new StartError(`host.json: functionTimeout must be a duration such as "00:05:00", or "-1": ${String(text)}`);
  }
  return milliseconds;
}

function readLogLevel(hostJson: JsonObject): LogLevel {
  const logging = isJsonObject(hostJson['logging']) ? hostJson['logging'] : {};
  const levels = isJsonObject(logging['logLevel']) ? logging['logLevel'] : {};
  const name = String(levels['default'] ?? 'information').toLowerCase();
  return LOG_LEVELS.find((level) => level === name) ?? 'information';
}

function readSettings(file: string): Record<string, string> {
  const json = readJsonFile(file);
  if (json?.['IsEncrypted'] === true) {
    throw new StartError(`${file} is encrypted; decrypt it first ("func settings decrypt").`);
  }
  const values = isJsonObject(json?.['Values']) ? json['Values'] : {};
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value ?? '')]));
}
