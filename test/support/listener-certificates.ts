/** Certificates for a TLS listener and its clients, made with the openssl command. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface CertifiedKey {
  readonly cert: string;
  readonly key: string;
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** One authority and what it issues. */
export class Authority {
  readonly folder: string;
  readonly caFile: string;

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'listener-tls-'));
    this.caFile = join(this.folder, 'ca.pem');
    const subject = ['-subj', `/O=Xingyun tests/CN=${name}`, '-days', '2'];
    this.openssl('req', '-x509', ...NEW_KEY, '-keyout', 'ca.key', '-out', 'ca.pem', ...subject);
  }

  get ca(): string {
    return readFileSync(this.caFile, 'utf8');
  }

  /** Valid from now for so many days; expired where they are negative. */
  issue(name: string, extensions: string, days = 2): CertifiedKey {
    writeFileSync(join(this.folder, `${name}.ext`), extensions);
    const subject = `/O=Xingyun tests/CN=${name}`;
    const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject];
    this.openssl('req', ...NEW_KEY, ...request);
    this.openssl(
      ...['x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key'],
      ...['-CAcreateserial', '-extfile', `${name}.ext`, '-out', `${name}.pem`],
      ...['-days', String(days)],
    );
    return { cert: this.read(`${name}.pem`), key: this.read(`${name}.key`) };
  }

  /** Writes a file into the authority's folder and returns its path. */
  write(name: string, content: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, content);
    return file;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  private openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'pipe' });
  }
}
