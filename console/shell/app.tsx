// The page as a whole: who is in front of it, and which page the address names.

import { useState } from 'preact/hooks';
import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso/router';
import { Announcer } from '../components/announcer.tsx';
import { Page } from '../components/page.tsx';
import { Notice } from '../components/section.tsx';
import { DevicePage } from '../pages/device.tsx';
import { FindPage } from '../pages/find.tsx';
import { OverviewPage } from '../pages/overview.tsx';
import { session } from '../sign-in/session.ts';
import { TEXTS } from '../texts.ts';
import { Layout } from './layout.tsx';
import { SignInPage } from './sign-in-page.tsx';

const DecisionsPage = lazy(async () => (await import('../pages/decisions/decisions-page.tsx')).DecisionsPage);
const DecisionPage = lazy(async () => (await import('../pages/decisions/decision-page.tsx')).DecisionPage);
const SessionsPage = lazy(async () => (await import('../pages/sessions/sessions-page.tsx')).SessionsPage);
const JobsPage = lazy(async () => (await import('../pages/jobs/jobs-page.tsx')).JobsPage);
const PolicyPage = lazy(async () => (await import('../pages/policy/policy-page.tsx')).PolicyPage);
const OperationsPage = lazy(async () => (await import('../pages/operations/operations-page.tsx')).OperationsPage);

export function App() {
  const current = session.value;
  if (current.state !== 'signed-in') return <SignInPage session={current} />;
  if (current.person.roles.length === 0) return <SignInPage session={{ state: 'no-role', person: current.person }} />;
  return (
    <LocationProvider scope="/console">
      <Layout person={current.person}>
        <Pages />
      </Layout>
      <Announcer />
    </LocationProvider>
  );
}

function Pages() {
  const { path, url } = useLocation();
  const [failed, setFailed] = useState<{ readonly url: string; readonly message: string }>();
  // The router would throw, and leave an empty window.
  if (!isReadable(path)) return <UnknownPage />;
  // Another address is another page, which may well work.
  if (failed?.url === url) return <FailedPage message={failed.message} />;
  return (
    <ErrorBoundary onError={({ message }) => setFailed({ url, message })}>
      <Router>
        <Route path="/console" component={OverviewPage} />
        <Route path="/console/find" component={FindPage} />
        <Route path="/console/devices/:id" component={DevicePage} />
        <Route path="/console/decisions" component={DecisionsPage} />
        <Route path="/console/decisions/:id" component={DecisionPage} />
        <Route path="/console/sessions" component={SessionsPage} />
        <Route path="/console/jobs" component={JobsPage} />
        <Route path="/console/policy" component={PolicyPage} />
        <Route path="/console/operations" component={OperationsPage} />
        <Route default component={UnknownPage} />
      </Router>
    </ErrorBoundary>
  );
}

/** An address that was cut may end within an escaped character. */
function isReadable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function UnknownPage() {
  return (
    <Page title={TEXTS.notFound}>
      <p>{TEXTS.notFoundNote}</p>
      <p>
        <a href="/console/">{TEXTS.toOverview}</a>
      </p>
    </Page>
  );
}

/** After a deployment an open page may ask for a part that is not served any more: loading it again brings the new one. */
function FailedPage({ message }: { readonly message: string }) {
  return (
    <Page title={TEXTS.pageFailed}>
      <Notice kind="bad" alarm>
        <p>{TEXTS.pageFailedNote}</p>
        <p class="muted">
          <code>{message}</code>
        </p>
        <p class="buttons">
          <button type="button" class="primary" onClick={() => location.reload()}>
            {TEXTS.reload}
          </button>
        </p>
      </Notice>
    </Page>
  );
}
