/** What the domain asks of a password hash. Both calls wait for their turn: see `passwords/argon2.ts`. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  /**
   * Whether the password fits. `hash` null (no such person, or no password): the same work is done and the
   * answer is false, so that the time says nothing. Throws `request.busy` where too many wait.
   */
  verify(hash: string | null, password: string): Promise<boolean>;
  /** True where the hash was made with weaker parameters than today's. */
  isOutdated(hash: string): boolean;
  /** A slow hash that is the same each time, for short codes that are looked up by their hash. base64url. */
  digest(code: string, salt: string): Promise<string>;
}
