# The AWS SDK for Ruby, version 3: S3's resources, its managed uploads and downloads, links, forms and waiters.
# It takes its cloud from the environment and says "everything" at the end.
require 'aws-sdk-s3'
require 'net/http'
require 'tempfile'

def check(what, got, want)
  raise "#{what}: #{got.inspect}, not #{want.inspect}" unless got == want
end

client = Aws::S3::Client.new(endpoint: ENV['AWS_ENDPOINT_URL'], region: ENV['AWS_DEFAULT_REGION'], force_path_style: true)
bucket = Aws::S3::Resource.new(client: client).create_bucket(bucket: "ruby-#{Process.pid}")
bucket.wait_until_exists

object = bucket.object('a b/ü+')
object.put(body: 'hello', metadata: { 'colour' => 'red' })
check 'the object', [object.get.body.read, object.metadata, object.etag], ['hello', { 'colour' => 'red' }, '"5d41402abc4b2a76b9719d911017c592"']
check 'a range', object.get(range: 'bytes=1-2').body.read, 'el'
object.copy_to(bucket.object('copy'))
check 'by its link', Net::HTTP.get(URI(object.presigned_url(:get))), 'hello'

Tempfile.create do |file|
  bytes = Random.new(1).bytes(11 << 20)
  file.binmode
  file.write(bytes)
  file.flush
  parts = bucket.object('parts')
  parts.upload_file(file.path, multipart_threshold: 5 << 20)
  parts.download_file(file.path)
  check 'parts', File.binread(file.path) == bytes, true
  parts.upload_stream { |to| to.binmode && to.write(bytes) }
  check 'a stream', parts.content_length, bytes.size
end

form = bucket.presigned_post(key: 'posted', success_action_status: '201')
posted = Net::HTTP.start(URI(form.url).host, URI(form.url).port) do |http|
  request = Net::HTTP::Post.new(URI(form.url))
  request.set_form(form.fields.to_a + [['file', 'by a form']], 'multipart/form-data')
  http.request(request)
end
check 'the form', [posted.code, bucket.object('posted').get.body.read], ['201', 'by a form']

client.put_bucket_versioning(bucket: bucket.name, versioning_configuration: { status: 'Enabled' })
object.put(body: 'again')
check 'the versions', bucket.object_versions(prefix: object.key).map(&:is_latest), [true, false]
object.delete
check 'gone', object.exists?, false
begin
  object.get
rescue Aws::S3::Errors::NoSuchKey => e
  check 'the error', e.message, 'The specified key does not exist.'
end
bucket.object_versions.batch_delete!
bucket.delete
bucket.wait_until_not_exists
puts 'everything'
