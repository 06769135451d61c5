/** Certificates and keys for TLS, tried before a listener or an upstream meets them. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { displayName } from './config-error.ts';
import { readOperatorFile, SMALL_FILE_MAX_BYTES } from './operator-file.ts';

/** What is wrong with one of the files: which option names it, and why. */
export interface TlsFileProblem {
  readonly option: string;
  readonly message: string;
}

/** Absolute paths by option. */
export interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** PEM texts by option, for what could be read. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Reads the files; each must hold what its option says, and the key must fit the certificate. */
export function readTlsFiles(
  files: TlsFiles,
  report: (problem: TlsFileProblem) => void,
): TlsMaterial {
  const read = (option: 'caFile' | 'certFile' | 'keyFile') => {
    const file = files[option];
    if (file === undefined) return undefined;
    const { bytes, reason } = readOperatorFile(file, SMALL_FILE_MAX_BYTES);
    if (bytes !== undefined) return bytes.toString('utf8');
    report({ option, message: `names ${displayName(file)}, which ${reason}` });
    return undefined;
  };
  const material = { ca: read('caFile'), cert: read('certFile'), key: read('keyFile') };
  checkTlsMaterial(material, (part, message) => report({ option: `${part}File`, message }));
  return material;
}

/** Reports, with a verb phrase, each part that is not what it should be. */
export function checkTlsMaterial(
  material: TlsMaterial,
  report: (part: keyof TlsMaterial, message: string) => void,
): void {
  if (material.ca !== undefined && parseCertificates(material.ca) === undefined) {
    report('ca', 'must hold PEM certificates');
  }
  const certificate = material.cert === undefined ? undefined : parseCertificates(material.cert);
  if (material.cert !== undefined && certificate === undefined) {
    report('cert', 'must hold PEM certificates');
  }
  const key = material.key === undefined ? undefined : parsePrivateKey(material.key);
  if (material.key !== undefined && key === undefined) {
    report('key', 'must hold a PEM private key that is not encrypted');
  }
  if (certificate !== undefined && key !== undefined && !certificate.checkPrivateKey(key)) {
    report('key', 'does not belong to the certificate');
  }
}

/** The first certificate of a PEM chain in which every one parses. */
function parseCertificates(pem: string): X509Certificate | undefined {
  const blocks = pem.match(CERTIFICATE) ?? [];
  try {
    return blocks.map(block => new X509Certificate(block))[0];
  } catch {
    return undefined;
  }
}

function parsePrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
