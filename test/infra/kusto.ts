// Kusto's language service reads a query as Azure does, against the columns of the tables it names.

import { createRequire } from 'node:module';

// https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces, apprequests, appexceptions
const OF_EVERY_TABLE =
  'TimeGenerated: datetime, TenantId: string, Type: string, SourceSystem: string, _ResourceId: string, _SubscriptionId: string, ' +
  'AppRoleInstance: string, AppRoleName: string, AppVersion: string, ClientBrowser: string, ClientCity: string, ' +
  'ClientCountryOrRegion: string, ClientIP: string, ClientModel: string, ClientOS: string, ClientStateOrProvince: string, ' +
  'ClientType: string, IKey: string, ItemCount: int, Measurements: dynamic, OperationId: string, OperationName: string, ' +
  'ParentId: string, Properties: dynamic, ReferencedItemId: string, ReferencedType: string, ResourceGUID: string, ' +
  'SDKVersion: string, SessionId: string, SyntheticSource: string, UserAccountId: string, UserAuthenticatedId: string, UserId: string';

const TABLES: Record<string, string> = {
  AppTraces: `${OF_EVERY_TABLE}, Message: string, SeverityLevel: int`,
  AppRequests:
    `${OF_EVERY_TABLE}, DurationMs: real, Id: string, Name: string, PerformanceBucket: string, ResultCode: string, ` +
    'Source: string, Success: bool, Url: string',
  // https://learn.microsoft.com/azure/azure-monitor/reference/tables/appmetrics
  AppMetrics: `${OF_EVERY_TABLE}, Max: real, Min: real, Name: string, Sum: real`,
  AppExceptions:
    `${OF_EVERY_TABLE}, Assembly: string, Details: dynamic, ExceptionType: string, HandledAt: string, ` +
    'InnermostAssembly: string, InnermostMessage: string, InnermostMethod: string, InnermostType: string, Message: string, ' +
    'Method: string, OuterAssembly: string, OuterMessage: string, OuterMethod: string, OuterType: string, ProblemId: string, ' +
    'SeverityLevel: int',
};

interface Diagnostic {
  readonly Severity: string;
  readonly Message: string;
}

interface LanguageService {
  readonly KustoCode: {
    ParseAndAnalyze(
      text: string,
      globals: unknown,
    ): { GetDiagnostics(): { Count: number; getItem(i: number): Diagnostic } };
  };
  readonly GlobalState: { readonly Default: { WithDatabase(database: unknown): unknown } };
  readonly Symbols: {
    readonly TableSymbol: { readonly $ctor7: new (name: string, schema: string) => unknown };
    readonly DatabaseSymbol: { readonly ctor: new (name: string, members: unknown[]) => unknown };
  };
}

// The package is a script that leaves `Kusto` behind as a global, and needs another one to have been run before.
const require = createRequire(import.meta.url);
require('@kusto/language-service-next/bridge.min.js');
require('@kusto/language-service-next');
const { Language } = (globalThis as unknown as { Kusto: { Language: LanguageService } }).Kusto;
// Bridge.NET numbers overloaded constructors: the seventh takes a name and a schema.
const Table = Language.Symbols.TableSymbol.$ctor7;
const tables = Object.entries(TABLES).map(([name, columns]) => new Table(name, `(${columns})`));
const globals = Language.GlobalState.Default.WithDatabase(
  new Language.Symbols.DatabaseSymbol.ctor('workspace', tables),
);

/** What Kusto says about a query: errors, warnings, suggestions; empty where it is right. */
export function kustoDiagnostics(query: string): string[] {
  const diagnostics = Language.KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: diagnostics.Count }, (_, i) => {
    const { Severity, Message } = diagnostics.getItem(i);
    return `${Severity}: ${Message}`;
  });
}
