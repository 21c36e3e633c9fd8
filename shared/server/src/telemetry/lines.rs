//! The lines of the log: text or JSON. Each line that a call writes has the call's `method`,
//! `request_id` and `trace_id`.

use contract::served_call::ServedCall;
use serde::Serialize;
use std::fmt;
use tracing::{Event, Subscriber};
use tracing_log::NormalizeEvent as _;
use tracing_serde::{
    AsSerde as _, SerializeLevel,
    fields::{AsMap as _, SerializeFieldMap},
};
use tracing_subscriber::{
    Layer,
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, MakeWriter,
        format::{DefaultFields, Writer},
        time::{FormatTime as _, SystemTime},
    },
    registry::LookupSpan,
};

/// Writes lines.
pub(super) fn layer<S, W>(as_text: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    if as_text {
        Box::new(lines.fmt_fields(TextFields::default()))
    } else {
        Box::new(lines.event_format(JsonLines))
    }
}

/// The fields of a line of text, and the names of its call behind them.
#[derive(Default)]
struct TextFields(DefaultFields);

impl<'writer> FormatFields<'writer> for TextFields {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        self.0.format_fields(writer.by_ref(), fields)?;
        let names = ServedCall::read(|call| {
            write!(
                writer,
                " method={} request_id={}",
                call.method, call.request_id
            )?;
            call.trace_id
                .map_or(Ok(()), |id| write!(writer, " trace_id={id}"))
        });
        names.unwrap_or(Ok(()))
    }
}

/// An object a line.
struct JsonLines;

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: SerializeLevel<'a>,
    fields: SerializeFieldMap<'a, Event<'a>>,
    target: &'a str,
    #[serde(flatten)]
    call: Option<Names>,
}

#[derive(Serialize)]
struct Names {
    method: String,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        // some libraries write by the crate `log`; their lines have their own targets, too
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let line = Line {
            timestamp,
            level: metadata.level().as_serde(),
            fields: event.field_map(),
            target: metadata.target(),
            call: ServedCall::read(|call| Names {
                method: call.method.to_string(),
                request_id: call.request_id.to_string(),
                trace_id: call.trace_id.map(|id| id.to_string()),
            }),
        };
        let line = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}
