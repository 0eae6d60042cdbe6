// The app registration asks for the permissions the code uses, and infra/identity says so in a form Entra takes.

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bodyOf, declaration, declarations, literalsOf, ROOT, readBicepFile, textAt } from './bicep-file.ts';

const file = readBicepFile('infra/identity/main.bicep');
const config = JSON.parse(readFileSync(join(ROOT, 'infra/bicepconfig.json'), 'utf8'));
const security = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
const deploy = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8');
const intuneSource = globSync('shared/adapters/intune/**/*.ts', { cwd: ROOT })
  .map((path) => readFileSync(join(ROOT, path), 'utf8'))
  .join('\n');

/** Permission, and what in the code needs it. */
const PERMISSIONS = [
  ['DeviceManagementManagedDevices.Read.All', 'deviceManagement/managedDevices'],
  ['Application.Read.All', 'servicePrincipals'],
  ['get_device_compliance', 'ComplianceRetrievalService'],
  ['Device.Read.All', 'devices/delta'],
] as const;

const asked = [
  ...literalsOf(declaration(file, 'graphRoles').node),
  ...literalsOf(declaration(file, 'intuneRoles').node),
];

describe('permissions', () => {
  it('are these', () => {
    expect(asked.toSorted()).toEqual(PERMISSIONS.map(([permission]) => permission).toSorted());
  });

  it('only ever read', () => {
    expect(
      asked.filter(
        (permission) => /Write|Privileged|Manage\.All|\.All$/.test(permission) && !/\.Read\.All$/.test(permission),
      ),
    ).toEqual([]);
  });

  it.each(PERMISSIONS)('%s is documented with its reason, for the portal too', (permission) => {
    expect(security).toContain(`\`${permission}\``);
    expect(deploy).toContain(`\`${permission}\``);
  });

  it('that the code does not use are not asked for unless switched on', () => {
    const granted = [
      ...`${declaration(file, 'graphRoles').node.text}\n${declaration(file, 'intuneRoles').node.text}`.matchAll(
        /(\w+) \? \['([\w.]+)'\] : \[\]/g,
      ),
    ];
    expect(granted.map(([, , role]) => role).toSorted()).toEqual(asked.toSorted());
    const onByDefault = granted.filter(([, name = '']) => /= true$/.test(declaration(file, name).node.text));
    const roles = onByDefault.map(([, , role]) => role);
    const unused = PERMISSIONS.filter(([permission, use]) => roles.includes(permission) && !intuneSource.includes(use));
    expect(unused).toEqual([]);
    expect(roles).not.toContain('Device.Read.All');
  });

  it('are granted, not only asked for', () => {
    for (const [name, resource] of [
      ['graphConsent', 'graph.id'],
      ['intuneConsent', 'intune.id'],
    ] as const) {
      expect(textAt(bodyOf(declaration(file, name)), 'resourceId')).toBe(resource);
      expect(textAt(bodyOf(declaration(file, name)), 'principalId')).toBe('servicePrincipal.id');
    }
  });
});

describe('infra/identity', () => {
  it('pins the Microsoft Graph extension', () => {
    const [, name] = /^extension (\w+)$/m.exec(file.text) ?? [];
    expect(config.extensions[name ?? '']).toMatch(
      /^br:mcr\.microsoft\.com\/bicep\/extensions\/microsoftgraph\/v1\.0:\d+\.\d+\.\d+$/,
    );
  });

  it('trusts the managed identity in the form Entra expects: its object id, its tenant, the exchange audience', () => {
    const body = bodyOf(declaration(file, 'managedIdentityCredential'));
    expect(textAt(body, 'subject')).toBe('identity.outputs.principalId');
    expect(textAt(body, 'issuer')).toMatch(/loginEndpoint\}\$\{tenant\(\)\.tenantId\}\/v2\.0'$/);
    expect(textAt(body, 'audiences')).toBe("['api://AzureADTokenExchange']");
    const nationalClouds = readFileSync(join(ROOT, 'shared/adapters/intune/national-clouds.ts'), 'utf8');
    expect(nationalClouds).toContain("'api://AzureADTokenExchange'");
  });

  it('names the managed identity as infra/main.bicep does, so that both mean the same one', () => {
    const main = readBicepFile('infra/main.bicep');
    const nameIn = (template: typeof file) => textAt(bodyOf(declaration(template, 'identity')), 'params', 'name');
    expect(nameIn(file)).toBe(nameIn(main));
    const limits = (template: typeof file) =>
      /@minLength\(\d+\)\n@maxLength\(\d+\)\nparam name string = '\w+'/.exec(template.text)?.[0];
    expect(limits(file)).toBe(limits(main));
  });

  it('gives relays an application each, and no permission', () => {
    const relay = bodyOf(declaration(file, 'relayApplications'));
    expect(textAt(relay, 'requiredResourceAccess')).toBeUndefined();
    expect(textAt(relay, 'uniqueName')).toContain('oneRelay.name');
    const consents = declarations(file).filter(({ of }) => of.startsWith('Microsoft.Graph/appRoleAssignedTo@'));
    expect(consents.map(({ node }) => /relay/i.test(node.text))).toEqual([false, false]);
  });

  it('uses certificates only to verify', () => {
    for (const name of ['application', 'relayApplications']) {
      expect(declaration(file, name).node.text).toContain("type: 'AsymmetricX509Cert'");
      expect(declaration(file, name).node.text).toContain("usage: 'Verify'");
    }
  });
});
