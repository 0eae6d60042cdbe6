// Device: why is it off the network, and what can be done?

import { Page } from '../components/page.tsx';
import { TEXTS } from '../texts.ts';

export function DevicePage() {
  return (
    <Page title={TEXTS.pages.overview}>
      <p>{TEXTS.loading}</p>
    </Page>
  );
}
