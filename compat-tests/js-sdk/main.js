// What users of the AWS SDK for JavaScript v3 do with S3, against the server that the environment names. Prints one line for
// each thing that works; ends with an error at the first that does not.

import assert from "node:assert/strict";
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  CopyObjectCommand, CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand,
  HeadBucketCommand, HeadObjectCommand, ListBucketsCommand, ListObjectVersionsCommand, NoSuchKey, NotFound,
  PutBucketVersioningCommand, PutObjectCommand, S3Client, S3ServiceException, paginateListObjectsV2, waitUntilBucketExists,
  waitUntilBucketNotExists, waitUntilObjectExists, waitUntilObjectNotExists,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const MIB = 1024 * 1024;
const ODD_KEYS = ["plain", "a b+c%20d", "ünï/ç☃\u{1F600}", "a//b", "/lead", "trail/", "q?x=1&y#z", "quotes'\"<&>", "=~*!()[]{}|^`@,;:$"];

const client = (credentials) => new S3Client({
  endpoint: process.env.AWS_ENDPOINT_URL, region: "us-east-1", forcePathStyle: true, maxAttempts: 1,
  ...(credentials && { credentials }),
});
const s3 = client();
const Bucket = `js-sdk-${process.pid}`;
const read = async (Key, more = {}) =>
  Buffer.from(await (await s3.send(new GetObjectCommand({ Bucket, Key, ...more }))).Body.transformToByteArray());

async function refused(command, by = s3) {
  try {
    await by.send(command);
  } catch (error) {
    assert(error instanceof S3ServiceException, error);
    return error;
  }
  assert.fail("it was not refused");
}

async function objects() {
  for (const Key of ODD_KEYS) {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: Key, Metadata: { kind: "odd" } }));
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
    assert.equal(head.Metadata.kind, "odd");
    assert.ok(head.ChecksumCRC32, "the SDK sends CRC32 by default");
    assert.equal((await read(Key)).toString(), Key);
    await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/${encodeURIComponent(Key)}` }));
    assert.equal((await read("copy")).toString(), Key);
  }
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "copy" }));
  const listed = [];
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket })) {
    listed.push(...page.Contents.map((o) => o.Key));
  }
  const inOrder = [...ODD_KEYS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual(listed, inOrder);
  const done = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: listed.map((Key) => ({ Key })) } }));
  assert.equal(done.Deleted.length, ODD_KEYS.length);
  assert.equal(done.Errors, undefined);
  console.log("objects with odd keys: put, get, copy, list, delete");
}

async function streams() {
  const folder = mkdtempSync(join(tmpdir(), "novella-js-"));
  const content = Buffer.alloc(11 * MIB, "some text that repeats. ");
  writeFileSync(join(folder, "big"), content);
  // A stream whose length is told, as aws-chunked with a trailer.
  await s3.send(new PutObjectCommand({
    Bucket, Key: "file", Body: createReadStream(join(folder, "big")), ContentLength: content.length,
  }));
  assert.ok((await read("file", { ChecksumMode: "ENABLED" })).equals(content));
  const params = { Bucket, Key: "upload", Body: createReadStream(join(folder, "big")), ContentType: "text/x" };
  const uploaded = await new Upload({ client: s3, params, partSize: 5 * MIB, queueSize: 3 }).done();
  assert.match(uploaded.ETag, /-3"$/);
  // A stream whose length nobody knows.
  const unknown = Readable.from([content.subarray(0, MIB), content.subarray(MIB)]);
  await new Upload({ client: s3, params: { Bucket, Key: "unknown", Body: unknown } }).done();
  for (const Key of ["upload", "unknown"]) assert.ok((await read(Key)).equals(content));
  assert.ok((await read("upload", { Range: "bytes=5242878-5242881" })).equals(content.subarray(5242878, 5242882)));
  for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
    await s3.send(new PutObjectCommand({ Bucket, Key: "sum", Body: "checked", ChecksumAlgorithm }));
    assert.equal((await read("sum", { ChecksumMode: "ENABLED" })).toString(), "checked");
  }
  rmSync(folder, { recursive: true });
  console.log("streams, uploads in parts, ranges, checksums");
}

async function conditions() {
  const put = (more) => new PutObjectCommand({ Bucket, Key: "once", Body: "x", ...more });
  const { ETag } = await s3.send(put({ IfNoneMatch: "*" }));
  const again = await refused(put({ IfNoneMatch: "*" }));
  assert.deepEqual([again.name, again.$metadata.httpStatusCode], ["PreconditionFailed", 412]);
  await s3.send(put({ IfMatch: ETag }));
  assert.equal((await refused(new GetObjectCommand({ Bucket, Key: "once", IfNoneMatch: ETag }))).$metadata.httpStatusCode, 304);
  console.log("conditional puts and gets");
}

async function presigned() {
  const at = { Bucket, Key: "signed é+" };
  const put = await fetch(await getSignedUrl(s3, new PutObjectCommand(at), { expiresIn: 60 }), { method: "PUT", body: "by url" });
  assert.equal(put.status, 200);
  const url = await getSignedUrl(s3, new GetObjectCommand(at), { expiresIn: 60 });
  assert.equal(await (await fetch(url)).text(), "by url");
  assert.equal((await fetch(url.split("?")[0])).status, 403);
  console.log("presigned URLs");
}

async function versions() {
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: "v", Body: "one" }));
  await s3.send(new PutObjectCommand({ Bucket, Key: "v", Body: "two" }));
  assert.equal((await read("v", { VersionId })).toString(), "one");
  assert.equal((await s3.send(new DeleteObjectCommand({ Bucket, Key: "v" }))).DeleteMarker, true);
  assert.ok((await refused(new GetObjectCommand({ Bucket, Key: "v" }))) instanceof NoSuchKey);
  const listed = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: "v" }));
  assert.deepEqual([listed.Versions.length, listed.DeleteMarkers.length], [2, 1]);
  console.log("versions and delete markers");
}

async function errors() {
  const absent = await refused(new GetObjectCommand({ Bucket: "no-such-bucket-here", Key: "k" }));
  assert.deepEqual([absent.name, absent.message], ["NoSuchBucket", "The specified bucket does not exist"]);
  assert.ok(absent.$metadata.requestId && absent.$metadata.extendedRequestId);
  assert.ok((await refused(new HeadObjectCommand({ Bucket, Key: "absent" }))) instanceof NotFound);
  assert.ok((await refused(new HeadBucketCommand({ Bucket: "no-such-bucket-here" }))) instanceof NotFound);
  assert.equal((await refused(new DeleteBucketCommand({ Bucket }))).name, "BucketNotEmpty");
  const wrong = client({ accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: "wrong" });
  assert.equal((await refused(new ListBucketsCommand({}), wrong)).name, "SignatureDoesNotMatch");
  const nobody = client({ accessKeyId: "AKIANOBODY0000000000", secretAccessKey: "wrong" });
  assert.equal((await refused(new ListBucketsCommand({}), nobody)).name, "InvalidAccessKeyId");
  console.log("errors: no bucket, no key, a bucket that is not empty, a wrong secret, a wrong key");
}

async function remove() {
  const listed = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  for (const { Key, VersionId } of [...(listed.Versions ?? []), ...(listed.DeleteMarkers ?? [])]) {
    await s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
  }
}

const soon = { client: s3, maxWaitTime: 30, minDelay: 1 };
await s3.send(new CreateBucketCommand({ Bucket }));
await waitUntilBucketExists(soon, { Bucket });
await objects();
await streams();
await waitUntilObjectExists(soon, { Bucket, Key: "upload" });
await waitUntilObjectNotExists(soon, { Bucket, Key: "absent" });
await conditions();
await presigned();
await versions();
await errors();
await remove();
await s3.send(new DeleteBucketCommand({ Bucket }));
await waitUntilBucketNotExists(soon, { Bucket });
console.log("everything");
