//! The dispatcher's rules, and the harness in which actions are tested without signatures.

use super::*;
use crate::config::Config;
use crate::iam::Keys;
use std::collections::BTreeMap;

/// A cloud in a temporary folder, with one account.
pub(crate) struct Bench {
    _dir: tempfile::TempDir,
    cloud: Arc<Cloud>,
    caller: Arc<Identity>,
}

/// An answer: its status, and its text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub status: u16,
    pub xml: String,
}

impl Answer {
    /// The text of the first element of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        if self.xml.contains(&format!("<{name}/>")) {
            return Some("");
        }
        let (_, rest) = self.xml.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0)
    }

    /// The texts of all elements of that name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let open = format!("<{name}>");
        self.xml.split(&open).skip(1).filter_map(|rest| Some(rest.split_once('<')?.0)).collect()
    }

    /// The error's code.
    pub fn code(&self) -> &str {
        self.get("Code").unwrap_or("")
    }
}

impl Bench {
    pub fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        // Making the cloud's key would be most of a test's time.
        std::fs::create_dir(dir.path().join("keys")).unwrap();
        std::fs::write(dir.path().join("keys/cloud-key.pem"), include_str!("../../fixtures/bundle/ec2-key.pem"))
            .unwrap();
        let account = |id: &str, key: &str| crate::config::Account {
            id: id.into(),
            name: String::new(),
            canonical_id: None,
            email: String::new(),
            keys: vec![crate::config::AccessKey { access_key_id: key.into(), secret_access_key: "s".into() }],
        };
        let config = Config {
            data_dir: dir.path().to_owned(),
            driver: crate::config::Driver::Simulated,
            instance_profiles: vec![crate::config::InstanceProfile {
                name: "web".into(),
                path: String::new(),
                account: None,
            }],
            accounts: vec![account("123456789012", "AK1"), account("210987654321", "AK2")],
            ..Config::default()
        };
        let cloud = Cloud::open(config).unwrap().cloud;
        let caller = cloud.iam.credential("AK1").unwrap().identity;
        Bench { _dir: dir, cloud, caller }
    }

    /// The database, for what no request can bring about.
    pub fn db(&self) -> &db::Db {
        &self.cloud.db
    }

    /// The rooms, for what no call can do.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Call as the first account.
    pub async fn call(&self, form: &str) -> Answer {
        self.call_as(self.caller.clone(), form).await
    }

    /// Call as the second account.
    pub async fn call_other(&self, form: &str) -> Answer {
        self.call_as(self.cloud.iam.credential("AK2").unwrap().identity, form).await
    }

    /// An available machine image of the first account, of which only the row exists.
    pub async fn image(&self, id: &'static str) {
        use crate::images::{File, Image, ImageType, State};
        let image = Image {
            id: id.into(),
            location: "bucket/small.manifest.xml".into(),
            state: State::Available,
            file: Some(File { format: "raw".into(), size: 1 << 20, virtual_size: 1 << 20, digest: "0".repeat(64) }),
            ..crate::images::fresh(ImageType::Machine, &self.caller.account, None, Some("small".into()))
        };
        self.cloud.db.write(move |c| db::images::insert(c, &image, None)).await.unwrap();
    }

    /// An available image of a snapshot of so many GiB, with its root at `/dev/xvda`: its id, and the snapshot's.
    pub async fn image_on_volume(&self, gib: u32) -> (String, String) {
        let volume = self.call(&format!("Action=CreateVolume&AvailabilityZone=us-east-1a&Size={gib}")).await;
        let volume = volume.get("volumeId").unwrap();
        let snapshot = self.call(&format!("Action=CreateSnapshot&VolumeId={volume}")).await;
        let snapshot = snapshot.get("snapshotId").unwrap().to_owned();
        self.call(&format!("Action=DeleteVolume&VolumeId={volume}")).await;
        let form = format!(
            "Action=RegisterImage&Name=onvolume&Architecture=x86_64&VirtualizationType=hvm&RootDeviceName=/dev/xvda\
             &BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.SnapshotId={snapshot}"
        );
        let made = self.call(&form).await;
        (made.get("imageId").unwrap_or_else(|| panic!("{}", made.xml)).to_owned(), snapshot)
    }

    /// Have simulated machines follow what is wanted of them, from now on.
    pub fn run_machines(&self) {
        tokio::spawn(self.cloud.compute.clone().run());
    }

    /// Call as the first account until the answer has `text`.
    pub async fn until(&self, form: &str, text: &str) -> Answer {
        loop {
            let answer = self.call(form).await;
            if answer.xml.contains(text) {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    async fn call_as(&self, caller: Arc<Identity>, form: &str) -> Answer {
        let form = Form::parse(&[form.as_bytes()]).unwrap();
        let action = form.params().opt("Action").unwrap_or_default().to_owned();
        let entry = actions::find(&action);
        let service = entry.map_or(Service::Ec2, |e| e.service);
        let result = async {
            let cx = Cx {
                cloud: self.cloud.clone(),
                caller,
                region: self.cloud.config.region(None).to_owned(),
                request_id: "rid".into(),
                version: version(&form, service)?,
                now: clock::now(),
                endpoint: "127.0.0.1:8773".into(),
            };
            perform(&cx, entry.ok_or(action), form).await
        };
        let response = render(service, result.await, "rid");
        let status = response.status().as_u16();
        let bytes = response.into_body().read_all(1 << 24).await.unwrap();
        Answer { status, xml: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}

#[tokio::test]
async fn what_every_request_goes_through() {
    let bench = Bench::new();
    for (form, status, code, message) in [
        ("Action=DescribeRegion", 400, "InvalidAction", "The action DescribeRegion is not valid for this web service."),
        (
            "Action=CreateVpnGateway&Type=x",
            400,
            "UnsupportedOperation",
            "The functionality you requested is not available here",
        ),
        (
            "Action=DescribeVpnGateways&VpnGatewayId.1=vgw-12345678",
            400,
            "InvalidVpnGatewayID.NotFound",
            "The virtual private gateway ID",
        ),
        ("Action=DescribeVpnGateways&VpnGatewayId.1=x", 400, "InvalidVpnGatewayID.Malformed", "Invalid id: "),
        ("Action=DescribeRegions&Version=latest", 400, "NoSuchVersion", "The requested version (latest) of"),
        ("Action=DescribeRegions&Colour=1", 400, "UnknownParameter", "The parameter Colour is not recognized"),
        ("Action=DescribeRegions&DryRun=maybe", 400, "InvalidParameterValue", "Value (maybe) for parameter DryRun"),
        ("Action=DescribeRegions&DryRun=true", 412, "DryRunOperation", "Request would have succeeded, but DryRun"),
        (
            "Action=DescribeRegions&DryRun=true&Filter.1.Name=x",
            400,
            "InvalidParameterValue",
            "The filter 'x' is invalid",
        ),
    ] {
        let answer = bench.call(form).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{form}");
        assert!(answer.get("Message").unwrap().starts_with(message), "{form}: {}", answer.xml);
        assert_eq!(answer.get("RequestID"), Some("rid"));
    }
}

#[tokio::test]
async fn the_requests_version_names_the_answers_namespace() {
    let bench = Bench::new();
    let answer = bench.call("Action=DescribeRegions&Version=2009-11-30").await;
    assert!(answer.xml.contains("xmlns=\"http://ec2.amazonaws.com/doc/2009-11-30/\""), "{}", answer.xml);
    assert!(bench.call("Action=DescribeRegions").await.xml.contains("/doc/2016-11-15/"));
}

#[tokio::test]
async fn sts_speaks_its_own_dialect() {
    let bench = Bench::new();
    let answer = bench.call("Action=GetCallerIdentity&Version=2011-06-15").await;
    assert_eq!(answer.get("Arn"), Some("arn:aws:iam::123456789012:root"));
    let refused = bench.call("Action=GetCallerIdentity&Version=2011-06-15&X=1").await;
    assert_eq!((refused.get("Type"), refused.code()), (Some("Sender"), "UnknownParameter"));
}

#[tokio::test]
async fn who_is_not_known_gets_no_further() {
    let bench = Bench::new();
    let request =
        http::Request::builder().method("POST").uri("/?Action=Nonsense").body(crate::http::Body::empty()).unwrap();
    let meta = Meta { request_id: "rid".into(), remote: ([127, 0, 0, 1], 1).into() };
    let answer = Ec2::new(bench.cloud.clone()).handle(request, &meta).await;
    assert_eq!(answer.headers()["x-amzn-requestid"], "rid");
    let body = answer.into_body().read_all(1 << 20).await.unwrap();
    assert!(String::from_utf8_lossy(&body).contains("<Code>MissingParameter</Code>"));
}

/// `actions/` is the coverage list: every file is registered, under the name of its file.
#[test]
fn every_action_file_is_registered_and_every_entry_has_its_file() {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ec2/actions");
    let mut files: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".rs").replace('_', ""))
        .filter(|name| name != "mod")
        .collect();
    let mut entries: Vec<String> = actions::ALL.iter().map(|entry| entry.name.to_ascii_lowercase()).collect();
    files.sort();
    entries.sort();
    assert_eq!(files, entries);
}

/// Requests that euca2ools and boto have sent: whatever is served reads them to the last parameter.
#[test]
fn recorded_requests_of_old_clients_are_read_completely() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clients/requests.json");
    let recorded: Vec<serde_json::Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut served = 0;
    for request in &recorded {
        let query = request["path"].as_str().unwrap().split_once('?').map_or("", |(_, query)| query);
        let form = Form::parse(&[query.as_bytes(), request["body"].as_str().unwrap_or("").as_bytes()]).unwrap();
        let Some(entry) = form.params().opt("Action").and_then(actions::find) else { continue };
        COMMON.iter().chain(entry.ignored).for_each(|name| form.ignore(name));
        match (entry.read)(&form.params()) {
            // The recorded key is a stub.
            Err(e) if entry.name == "ImportKeyPair" => assert_eq!(e.wire().0, "InvalidKey.Format"),
            Err(e) => panic!("{}: {e}", entry.name),
            Ok(_) => form.finish().unwrap_or_else(|e| panic!("{}: {e}", entry.name)),
        }
        served += 1;
    }
    assert!(served > 40, "{served}");
}

/// The forms that euca2ools' commands sent, each in every way that `compat-tests/test_client_euca2ools.py` calls it.
#[test]
fn every_command_of_euca2ools_is_read_completely() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/clients/euca2ools.json");
    let forms: BTreeMap<String, Vec<String>> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for (action, forms) in &forms {
        let Some(entry) = actions::find(action) else { continue };
        for text in forms {
            let form = Form::parse(&[text.as_bytes()]).unwrap();
            if entry.check(&form).is_err() {
                continue; // It is refused for one of its parameters.
            }
            let _ = (entry.read)(&form.params()).unwrap_or_else(|e| panic!("{text}: {e}"));
            form.finish().unwrap_or_else(|e| panic!("{text}: {e}"));
        }
    }
}

mod fixtures;
