# Ruby's fog-aws, as its users write it: instances, disks, addresses and images, a VPC, objects.
# It takes its cloud from the environment and says "everything" at the end.
require 'fog/aws'

def check(what, got, want)
  raise "#{what}: #{got.inspect}, not #{want.inspect}" unless got == want
end

cloud = { provider: 'AWS', region: ENV['AWS_DEFAULT_REGION'], endpoint: ENV['AWS_ENDPOINT_URL'],
          aws_access_key_id: ENV['AWS_ACCESS_KEY_ID'], aws_secret_access_key: ENV['AWS_SECRET_ACCESS_KEY'] }
ec2 = Fog::Compute.new(cloud)
mark = "fog-#{Process.pid}"

key = ec2.key_pairs.create(name: mark)
group = ec2.security_groups.create(name: mark, description: 'of fog', vpc_id: ec2.vpcs.all('isDefault' => 'true').first.id)
group.authorize_port_range(22..22)
check 'the rule', ec2.security_groups.get(mark).ip_permissions.map { |rule| [rule['fromPort'], rule['ipRanges']] },
      [[22, [{ 'cidrIp' => '0.0.0.0/0' }]]]

server = ec2.servers.create(image_id: ENV['EC2_TEST_IMAGE'], flavor_id: 't3.micro', key_name: mark,
                            security_group_ids: [group.group_id], tags: { 'Name' => mark })
server.wait_for(30, 0.1) { ready? }
check 'its name', ec2.servers.get(server.id).tags, 'Name' => mark
check 'its groups', server.groups, [mark]

volume = ec2.volumes.create(availability_zone: server.availability_zone, size: 1)
volume.wait_for(30, 0.1) { ready? }
volume.attach(server, '/dev/sdf')
volume.wait_for(30, 0.1) { state == 'in-use' }
check 'where the volume is', [volume.server_id, volume.device], [server.id, '/dev/sdf']
volume.detach
volume.wait_for(30, 0.1) { ready? }
snapshot = volume.snapshots.create(description: mark)
snapshot.wait_for(30, 0.1) { ready? }
check 'the snapshot', [snapshot.volume_size, snapshot.description], [1, mark]

address = ec2.addresses.create
address.server = server
check 'the address', server.reload.public_ip_address, address.public_ip
address.server = nil
address.destroy

server.stop
server.wait_for(30, 0.1) { state == 'stopped' }
server.start
server.wait_for(30, 0.1) { ready? }
image = ec2.create_image(server.id, mark, 'of fog', true).body['imageId']
check 'the image', ec2.images.get(image).name, mark
server.destroy
server.wait_for(30, 0.1) { state == 'terminated' }
Fog.wait_for(30, 0.1) { ec2.images.get(image).state == 'available' }
ec2.deregister_image(image)
[snapshot, volume, group, key].each(&:destroy)

vpc = ec2.vpcs.create(cidr_block: '10.9.0.0/16')
vpc.wait_for(30, 0.1) { ready? }
subnet = ec2.subnets.create(vpc_id: vpc.id, cidr_block: '10.9.1.0/24')
gateway = ec2.internet_gateways.create
gateway.attach(vpc.id)
table = ec2.route_tables.create(vpc_id: vpc.id)
ec2.create_route(table.id, '0.0.0.0/0', gateway.id)
association = ec2.associate_route_table(table.id, subnet.subnet_id).body['associationId']
check 'the routes', ec2.route_tables.get(table.id).routes.map { |route| route['gatewayId'] }, ['local', gateway.id]
card = ec2.network_interfaces.create(subnet_id: subnet.subnet_id)
check 'the card', ec2.network_interfaces.get(card.network_interface_id).status, 'available'
card.destroy
ec2.disassociate_route_table(association)
gateway.detach(vpc.id)
[table, gateway, subnet, vpc].each(&:destroy)

s3 = Fog::Storage.new(cloud.merge(path_style: true))
bucket = s3.directories.create(key: mark)
bucket.files.create(key: 'a b/ü', body: 'hello', metadata: { 'x-amz-meta-colour' => 'red' })
file = bucket.files.get('a b/ü')
check 'the object', [file.body, file.metadata['x-amz-meta-colour']], %w[hello red]
check 'by its link', Excon.get(file.url(Time.now + 60)).body, 'hello'
bucket.files.create(key: 'parts', body: StringIO.new('x' * (6 << 20)), multipart_chunk_size: 5 << 20)
file.copy(mark, 'copy')
check 'the keys', bucket.files.all.map(&:key).sort, ['a b/ü', 'copy', 'parts']
bucket.files.each(&:destroy)
bucket.destroy
puts 'everything'
