// azure.yaml against the rules of azd, as read at its source (Azure/azure-dev ae35809f4, 1.32.0-beta.1).

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { ofType, predicted, ROOT, read, valueAt } from './deployment.ts';

const project = parse(read('azure.yaml'));
const service = project.services.connector;

describe('azure.yaml', () => {
  test('publishes what the package command assembles', () => {
    expect(service).toMatchObject({ dist: '.package/app', host: 'function', language: 'js' });
    expect(read('scripts/package.ts')).toContain("'.package'");
  });

  // cli/azd/pkg/project/service_target_functionapp.go, resolveFunctionAppRemoteBuild: with `remoteBuild: false` azd
  // reads .funcignore in the folder of the service and refuses to publish if that leaves node_modules out (since
  // 1.23.12). With no such file and `remoteBuild: false`, nothing is built on Azure.
  test('has nothing built on Azure, and no .funcignore for azd to refuse that with', () => {
    expect(service.remoteBuild).toBe(false);
    expect(existsSync(join(ROOT, service.project, '.funcignore'))).toBe(false);
  });

  // cli/azd/cmd/middleware/hooks.go, registerCommandHooks: hooks of the project run with the command of their name and
  // within `azd up`; hooks of a service run with every command that packages it, `azd deploy` too.
  test('makes the package with every command that publishes: the hook is the service’s', () => {
    expect(project.hooks).toBeUndefined();
    const { prepackage } = service.hooks;
    for (const system of ['posix', 'windows']) expect(prepackage[system].run).toMatch(/npm ci.*npm run package/);
    expect(prepackage.posix.run).toContain('&&');
  });

  // azd finds the app of a service by this tag.
  test('names the service as the tag of the function app does', () => {
    const [site] = ofType(predicted('main'), 'Microsoft.Web/sites');
    expect(valueAt(site, 'tags')).toEqual({ 'azd-env-name': 'prod', 'azd-service-name': 'connector' });
  });
});
