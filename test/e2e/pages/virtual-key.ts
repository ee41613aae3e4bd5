/** A security key inside the browser (WebAuthn Level 3, 11: Chromium's CDP domain of the same commands). */
import type { CDPSession, Page } from '@playwright/test';

export class VirtualKey {
  readonly #session: CDPSession;
  readonly #id: string;

  private constructor(session: CDPSession, id: string) {
    this.#session = session;
    this.#id = id;
  }

  /** Plugs a new key in. It is touched at once whenever it is asked, unless `leaveAlone` says otherwise. */
  static async plugIn(page: Page): Promise<VirtualKey> {
    const session = await page.context().newCDPSession(page);
    await session.send('WebAuthn.enable', { enableUI: false });
    const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'usb',
        hasResidentKey: true,
        hasUserVerification: false,
        automaticPresenceSimulation: true,
      },
    });
    return new VirtualKey(session, authenticatorId);
  }

  /** Nobody touches it any more; it waits. */
  async leaveAlone(): Promise<void> {
    await this.#session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.#id, enabled: false });
  }

  async touchWhenAsked(): Promise<void> {
    await this.#session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.#id, enabled: true });
  }

  async pullOut(): Promise<void> {
    await this.#session.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.#id });
  }
}
