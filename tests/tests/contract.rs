//! The D-Bus contract, as it is written down and as it is served.

use countersign_bus::types::Login;
use countersign_bus::{PATH, client::Begun};
use countersign_tests::programs::root;
use countersign_tests::{TestClock, World};
use zbus::connection::Builder;
use zbus::fdo::IntrospectableProxy;

const FILE: &str = "packaging/dbus/org.countersign.Countersign1.xml";

/// A change of the contract shows in review, as a change of this file.
#[test]
fn the_xml_that_we_ship_is_what_the_daemon_serves() {
    let world = World::with_clock(&TestClock::default());
    let socket = world.path().join("socket");
    let served = zbus::block_on(async {
        let address = format!("unix:path={}", socket.display());
        let connection = Builder::address(address.as_str())
            .p2p()
            .build()
            .await
            .unwrap();
        let login = Login {
            user: Some("nobody-in-particular".to_owned()),
            ..Login::default()
        };
        let reply = connection
            .call_method(
                None::<()>,
                PATH,
                Some(countersign_bus::VERIFIER),
                "Begin",
                &(&login,),
            )
            .await
            .unwrap();
        let (transaction, ..): countersign_bus::types::BeginReply =
            reply.body().deserialize().unwrap();
        let mut interfaces = introspect(&connection, PATH).await;
        interfaces.extend(introspect(&connection, transaction.as_str()).await);
        interfaces.sort();
        interfaces.concat()
    });
    let served = format!(
        "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n \
         \"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>\n{served}</node>\n"
    );
    let written = std::fs::read_to_string(root().join(FILE)).unwrap_or_default();
    if served != written {
        let correct = std::env::temp_dir().join("org.countersign.Countersign1.xml");
        std::fs::write(&correct, &served).unwrap();
        panic!(
            "{FILE} differs from what is served, which is now in {}",
            correct.display()
        );
    }
}

/// Our interfaces of an object, each as its XML.
async fn introspect(connection: &zbus::Connection, path: &str) -> Vec<String> {
    let xml = IntrospectableProxy::builder(connection)
        .destination(countersign_bus::NAME)
        .path(path)
        .build()
        .await
        .unwrap()
        .introspect()
        .await
        .unwrap();
    let mut interfaces = Vec::new();
    // What is below it is asked by itself.
    let mut rest = xml.split("\n  <node ").next().unwrap();
    while let Some(begin) = rest.find("  <interface name=\"org.countersign") {
        let (_, from) = rest.split_at(begin);
        let end = from.find("</interface>\n").unwrap() + "</interface>\n".len();
        let (interface, after) = from.split_at(end);
        interfaces.push(interface.to_owned());
        rest = after;
    }
    interfaces
}

#[test]
fn begin_never_succeeds_by_itself() {
    let clock = TestClock::default();
    let world = World::with_clock(&clock);
    let ada = world.enroll("daemon");
    for uid in [Some(ada.uid), None] {
        let login = Login {
            user: Some("daemon".to_owned()),
            uid,
            ..Login::default()
        };
        let begun = world.client().begin(&login).unwrap();
        assert!(matches!(begun, Begun::Transaction { .. }), "{begun:?}");
    }
}
