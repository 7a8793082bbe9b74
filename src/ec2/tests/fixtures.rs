//! Request and answer, side by side: `fixtures/ec2/<Action>/<case>.form` and `<case>.xml`.
//!
//! Each case runs in a fresh cloud that holds an image, a key pair and an instance. What is different each time (ids,
//! times, addresses) is written as what it is. `UPDATE_FIXTURES=1` writes the answers; read the difference.

use super::Bench;
use std::path::{Path, PathBuf};

const IMAGE: &str = "ami-12345678";

async fn world() -> (Bench, String) {
    use base64::Engine;
    let bench = Bench::new();
    bench.image(IMAGE).await;
    let key = base64::engine::general_purpose::STANDARD.encode(include_str!("../../../fixtures/keys/rsa.pub"));
    bench.call(&format!("Action=ImportKeyPair&KeyName=laptop&PublicKeyMaterial={}", key.replace('+', "%2B"))).await;
    let tag =
        "TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web";
    let run =
        format!("Action=RunInstances&ImageId={IMAGE}&InstanceType=t3.micro&KeyName=laptop&MinCount=1&MaxCount=1&{tag}");
    let instance = bench.call(&run).await.get("instanceId").expect("a launch").to_owned();
    (bench, instance)
}

/// Texts that differ from run to run, replaced; one element a line, indented.
fn stable(xml: &str) -> String {
    let mut out = String::new();
    let mut depth = 0usize;
    for part in xml.replace("><", ">\n<").lines() {
        let closes = part.starts_with("</");
        let opens = !closes && !part.contains("</") && !part.ends_with("/>") && !part.starts_with("<?");
        depth -= usize::from(closes);
        out.push_str(&"  ".repeat(depth));
        out.push_str(&words(part));
        out.push('\n');
        depth += usize::from(opens);
    }
    out
}

fn words(line: &str) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || "-.:/".contains(c);
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find(is_word) {
        let end = rest[start..].find(|c| !is_word(c)).map_or(rest.len(), |n| start + n);
        out.push_str(&rest[..start]);
        out.push_str(&word(&rest[start..end]));
        rest = &rest[end..];
    }
    out + rest
}

fn word(text: &str) -> String {
    if let Some((path, last)) = text.rsplit_once('/')
        && !last.is_empty()
        && last.contains('-')
    {
        return format!("{path}/{}", word(last));
    }
    let hex = |t: &str| t.bytes().all(|b| b.is_ascii_hexdigit());
    let quad = |t: &str, by: char| t.split(by).count() == 4 && t.split(by).all(|n| n.parse::<u8>().is_ok());
    if let Some((prefix, tail)) = text.rsplit_once('-')
        && tail.len() == 17
        && hex(tail)
    {
        return format!("{prefix}-…");
    }
    if text.len() == 24 && text.ends_with('Z') && text.as_bytes()[10] == b'T' {
        return "TIME".into();
    }
    if text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T' {
        return "SECOND".into();
    }
    if text.split(':').count() == 6 && text.split(':').all(|b| b.len() == 2 && hex(b)) {
        return "MAC".into();
    }
    if let Some((ip, prefix)) = text.split_once('/')
        && quad(ip, '.')
        && ip != "0.0.0.0"
    {
        return format!("ADDRESS/{prefix}");
    }
    if quad(text, '.') {
        return "ADDRESS".into();
    }
    match text.strip_prefix("ip-").and_then(|t| t.split_once('.')) {
        Some((ip, domain)) if quad(ip, '-') => format!("ip-ADDRESS.{domain}"),
        _ => text.to_owned(),
    }
}

#[tokio::test]
async fn answers_are_those_of_the_fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/ec2");
    let list = |dir: &Path| -> Vec<PathBuf> {
        let mut all: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
        all.sort();
        all
    };
    let forms =
        list(&root).into_iter().flat_map(|dir| list(&dir)).filter(|p| p.extension().is_some_and(|e| e == "form"));
    let mut wrong = Vec::new();
    for form in forms {
        let action = form.parent().and_then(Path::file_name).and_then(|n| n.to_str()).unwrap().to_owned();
        let (bench, instance) = world().await;
        let parameters: Vec<String> = std::fs::read_to_string(&form).unwrap().lines().map(str::to_owned).collect();
        let parameters = parameters.join("&").replace("$INSTANCE", &instance);
        let answer = stable(&bench.call(&format!("Action={action}&{parameters}")).await.xml);
        let file = form.with_extension("xml");
        if std::env::var_os("UPDATE_FIXTURES").is_some() {
            std::fs::write(&file, &answer).unwrap();
        }
        if std::fs::read_to_string(&file).unwrap_or_default() != answer {
            wrong.push(file);
        }
    }
    assert!(wrong.is_empty(), "these answers have changed (UPDATE_FIXTURES=1 writes them anew): {wrong:?}");
}
