# The AWS SDK for Ruby, version 1, as scripts of its time use it: EC2's resources, the VPC family.
# It takes its cloud from the environment and says "everything" at the end. Its S3 part does not run on Ruby 3.
require 'aws-sdk-v1'
require 'uri'

def check(what, got, want)
  raise "#{what}: #{got.inspect}, not #{want.inspect}" unless got == want
end

def wait_for(what)
  600.times { return if yield; sleep 0.1 }
  raise "not within a minute: #{what}"
end

url = URI(ENV['AWS_ENDPOINT_URL'])
AWS.config(region: ENV['AWS_DEFAULT_REGION'], use_ssl: url.scheme == 'https', ec2_endpoint: url.host, ec2_port: url.port,
           access_key_id: ENV['AWS_ACCESS_KEY_ID'], secret_access_key: ENV['AWS_SECRET_ACCESS_KEY'])
ec2 = AWS::EC2.new
mark = "sdk1-#{Process.pid}"
zone = ec2.availability_zones.first
check 'the regions', ec2.regions.map(&:name).include?(ENV['AWS_DEFAULT_REGION']), true
check 'the zone', zone.region_name, ENV['AWS_DEFAULT_REGION']

key = ec2.key_pairs.create(mark)
check 'the key', key.private_key.lines.first.chomp, '-----BEGIN RSA PRIVATE KEY-----'
vpc = ec2.vpcs.filter('isDefault', 'true').first
group = ec2.security_groups.create(mark, description: 'of the SDK', vpc: vpc)
group.authorize_ingress(:tcp, 22, '10.0.0.0/8')
check 'the rule', group.ingress_ip_permissions.map { |r| [r.protocol, r.port_range, r.ip_ranges] }, [[:tcp, 22..22, ['10.0.0.0/8']]]

volume = ec2.volumes.create(size: 1, availability_zone: zone)
volume.tags['a'] = 'b'
wait_for('the volume') { volume.status == :available }
check 'its tags', volume.tags.to_h, 'a' => 'b'
snapshot = volume.create_snapshot(mark)
wait_for('the snapshot') { snapshot.status == :completed }
check 'its progress', snapshot.progress, 100
image = ec2.images.create(name: mark, root_device_name: '/dev/sda1', block_device_mappings: { '/dev/sda1' => { snapshot_id: snapshot.id } })
check 'the image on it', [image.state, image.root_device_type], %i[available ebs]

instance = ec2.instances.create(image_id: ENV['EC2_TEST_IMAGE'], instance_type: 't2.micro', key_name: mark,
                                security_group_ids: [group.id], subnet: vpc.subnets.filter('availability-zone', zone.name).first)
wait_for('the instance') { instance.status == :running }
check 'the instance', [instance.vpc_id, instance.key_name, instance.security_groups.map(&:name)], [vpc.id, mark, [mark]]
check 'its monitoring', instance.monitoring, :disabled
attachment = volume.attach_to(instance, '/dev/sdf')
wait_for('the attachment') { attachment.status == :attached }
volume.detach_from(instance, '/dev/sdf')
wait_for('the detachment') { volume.status == :available }
address = ec2.elastic_ips.create(vpc: true)
address.associate(instance: instance.id)
check 'the address', instance.elastic_ip.public_ip, address.public_ip
address.disassociate
address.release
instance.tags['n'] = mark
check 'by its tag', ec2.instances.tagged('n').tagged_values(mark).map(&:id), [instance.id]

instance.api_termination_disabled = true
begin
  instance.terminate
  raise 'a protected instance was terminated'
rescue AWS::EC2::Errors::OperationNotPermitted
  instance.api_termination_disabled = false
end
instance.stop
wait_for('the stop') { instance.status == :stopped }
instance.instance_type = 'm1.small'
instance.start
wait_for('the start') { instance.status == :running }
check 'its type', instance.instance_type, 'm1.small'
instance.terminate
wait_for('the end') { instance.status == :terminated }
[volume, image, snapshot, group, key].each(&:delete)

vpc = ec2.vpcs.create('10.9.0.0/16')
subnet = vpc.subnets.create('10.9.1.0/24')
gateway = ec2.internet_gateways.create
gateway.attach(vpc)
table = ec2.route_tables.create(vpc: vpc)
table.create_route('0.0.0.0/0', internet_gateway: gateway)
subnet.route_table = table
check 'the routes', subnet.route_table.routes.map { |r| [r.destination_cidr_block, r.state] }, [['10.9.0.0/16', :active], ['0.0.0.0/0', :active]]
card = ec2.network_interfaces.create(subnet: subnet.id, description: mark)
check 'the card', [card.status, card.vpc.id, card.description], [:available, vpc.id, mark]
acl = vpc.network_acls.create
acl.create_entry(rule_number: 100, action: :allow, protocol: 6, port_range: 80..80, cidr_block: '0.0.0.0/0', egress: false)
check 'the entries', acl.entries.map(&:rule_number).sort, [100, 32_767, 32_767]
options = ec2.dhcp_options.create(domain_name: 'x.example')
vpc.dhcp_options = options
check 'the DHCP options', vpc.dhcp_options.configuration, domain_name: 'x.example'
vpc.dhcp_options = 'default'
subnet.route_table_association.delete
gateway.detach(vpc)
[options, acl, card, table, gateway, subnet, vpc].each(&:delete)
puts 'everything'
